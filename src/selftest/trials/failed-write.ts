import fs from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../digest.ts';
import { objectsIn, otherObjects, tempsLeft, wrongObjects } from '../checks.ts';
import { printedFailure, unexpectedEnd } from '../program.ts';
import { seededBytes, smallContents, writeFiles } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

/** The shell counts the limit in blocks of 512 or 1,024 bytes. */
const LIMIT_BLOCKS = 2048;
const LARGE_BYTES = 6 << 20;

/** With a limit on the size of files (RLIMIT_FSIZE) a write fails in the middle of an object. */
export async function tryFailedWrite(ground: Ground): Promise<void> {
  const { folder, program, ledger } = ground;
  const [source, store] = [join(folder, 'source'), storeOf(folder)];
  const expected = writeFiles(source, smallContents('failed write', 50));
  const large = seededBytes('failed write', LARGE_BYTES);
  fs.writeFileSync(join(source, 'large'), large);
  const digest = digestOf(large);
  const limited = ['sh', '-c', `ulimit -f ${LIMIT_BLOCKS}; exec "$0" "$@"`];
  const ended = await program.run(ingestOf(ground, [source]), limited);
  const code = printedFailure(ended)?.code;
  const finding =
    unexpectedEnd('an ingest whose write fails', ended, 1) ??
    (code === 'EFBIG' ? undefined : `a write that fails with EFBIG was reported as ${code}`) ??
    (objectsIn(store).includes(digest) ? 'an object whose write failed has its name' : undefined) ??
    (await wrongObjects(store)) ??
    tempsLeft(store, 'a failed write') ??
    unexpectedEnd('the next ingest', await program.run(ingestOf(ground, [source])), 0) ??
    (await wrongObjects(store)) ??
    otherObjects(store, new Set([...expected, digest]));
  ledger.judge(1, finding, 'a write that failed in the middle of an object left no name');
}
