/** How much a snapshot takes when little has changed since the one before. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { METADATA } from '../../src/store/local/on-disk/format.ts';
import { counted } from '../../src/units.ts';
import { pathOf } from '../corpus/plan.ts';
import { firstIngest, ingestCommand, ingesting, type RowHead, storeIn } from '../ingot.ts';
import { measure, spreadOf } from '../method.ts';
import { bytesBelow } from '../peers/regular-files.ts';
import type { Context } from '../question.ts';
import type { Row } from '../results.ts';
import { CHANGING } from './trees.ts';

/** Changes the tree of a context, another place in each round. */
type Change = (context: Context, round: number) => void;

/** Rows without times: the bytes that each of `rounds` changes adds. */
export async function* addedRows(given: Context): AsyncGenerator<Row> {
  const { tree, facts } = await given.corpora.make(CHANGING);
  const context = { ...given, tree, corpus: facts };
  await measure(firstIngest(context));
  const replaced = { label: `1 of ${counted(facts.files, 'file')} replaced`, parameters: {} };
  yield await addedRow(context, replaced, replaceFile);
  const files = Math.min(CHANGING.folders.files, facts.files);
  const renamed = { label: `a directory of ${counted(files, 'file')} renamed`, parameters: {} };
  yield await addedRow(context, renamed, renameDirectory);
  given.corpora.drop(CHANGING);
}

async function addedRow(context: Context, head: RowHead, change: Change): Promise<Row> {
  const added: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    const before = bytesOfSnapshots(storeIn(context));
    change(context, round);
    await measure(ingesting(ingestCommand(context, context.tree)));
    added.push(bytesOfSnapshots(storeIn(context)) - before);
  }
  const { median, max, runs } = spreadOf(added);
  return { ...head, figures: { bytesAdded: median, ...(runs > 1 && { mostBytesAdded: max }) } };
}

/** By a new file that is renamed over it, as editors do. */
function replaceFile({ tree, corpus, rounds }: Context, round: number): void {
  const file = Math.floor(((round + 0.5) / rounds) * corpus.files);
  const at = path.join(tree, pathOf(file, CHANGING.folders));
  fs.writeFileSync(`${at}.new`, randomBytes(100));
  fs.renameSync(`${at}.new`, at);
}

/** To a name that comes after those of all others. */
function renameDirectory({ tree }: Context, round: number): void {
  const [first] = fs.readdirSync(tree).sort();
  fs.renameSync(path.join(tree, first!), path.join(tree, `renamed ${round}`));
}

/** References and segments. */
function bytesOfSnapshots(store: string): number {
  const [segments, references] = ['segments', 'snapshots'].map((folder) =>
    bytesBelow(path.join(store, METADATA, folder)),
  );
  return segments! + references!;
}
