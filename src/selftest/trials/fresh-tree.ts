import fs from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../digest.ts';
import { count } from '../../units.ts';
import { otherObjects, tempsLeft, wrongObjects } from '../checks.ts';
import { printedReport, unexpectedEnd } from '../program.ts';
import { seededBytes, smallContents, writeFiles } from '../tree.ts';
import { countsText, type Ground, ingestOf, storeOf } from '../trial.ts';

const SMALL_FILES = 1500;
const DUPLICATES = 200;
const LARGE_BYTES = 16 << 20;

/** An ingest of new files, duplicates, an empty file and a large one. */
export async function tryFreshTree(ground: Ground): Promise<void> {
  const { folder, program, ledger } = ground;
  const [source, store] = [join(folder, 'source'), storeOf(folder)];
  const expected = makeSource(source);
  const ended = await program.run(ingestOf(ground, [source]));
  const failure = unexpectedEnd('an ingest', ended, 0);
  if (failure !== undefined) return ledger.judge(6, failure, '');
  const { outcomes, entries } = printedReport(ended);
  const counted = { new: outcomes.new, duplicate: outcomes.duplicate, entries };
  const wanted = {
    new: expected.size,
    duplicate: DUPLICATES,
    entries: expected.size + DUPLICATES,
  };
  ledger.judge(
    6,
    countsText(counted) === countsText(wanted)
      ? undefined
      : `an ingest of ${countsText(wanted)} counted ${countsText(counted)}`,
    `${count(entries)} entries of a new tree were counted right`,
  );
  ledger.judge(
    1,
    await wrongObjects(store),
    `${count(expected.size)} new objects hash to their names`,
  );
  ledger.judge(
    5,
    otherObjects(store, expected),
    `${count(expected.size)} contents are stored as we wrote them, and no other`,
  );
  ledger.judge(3, tempsLeft(store, 'an ingest that ended well'), 'a finished ingest left no temp');
}

/** Gives the digests of all contents. */
function makeSource(source: string): Set<string> {
  const small = smallContents('fresh', SMALL_FILES);
  const digests = writeFiles(join(source, 'small'), small);
  writeFiles(join(source, 'again'), small.slice(0, DUPLICATES));
  const others = { empty: Buffer.alloc(0), large: seededBytes('fresh large', LARGE_BYTES) };
  for (const [name, content] of Object.entries(others)) {
    fs.writeFileSync(join(source, name), content);
    digests.add(digestOf(content));
  }
  return digests;
}
