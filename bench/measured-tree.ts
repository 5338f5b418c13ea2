import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EXIT } from '../src/cli/fail.ts';
import { failed, IngotError } from '../src/errors.ts';
import type { IngestReport } from '../src/index.ts';
import { CHILD_FAILED, runChild } from './children.ts';
import { INGOT } from './ingot.ts';
import type { CorpusFacts } from './results.ts';

/** Counts a user's own tree, which also reads it into the page cache. Throws an IngotError. */
export async function factsOf(tree: string): Promise<CorpusFacts> {
  try {
    fs.readdirSync(tree);
  } catch (error) {
    throw failed('cannot read the tree', error, { path: tree });
  }
  // A dry run makes no store.
  const store = path.join(os.tmpdir(), `ingot-bench-no-store-${process.pid}`);
  const args = ['ingest', tree, '--store', store, '--dry-run', '--json', '--no-progress'];
  const { code, stdout, stderr } = await runChild([...INGOT, ...args]);
  if (code !== EXIT.done && code !== EXIT.incomplete)
    throw new IngotError({
      what: 'cannot count the tree',
      code: CHILD_FAILED,
      path: tree,
      why: stderr.trim(),
    });
  const { outcomes, bytesRead, bytesWritten } = JSON.parse(stdout) as IngestReport;
  return {
    name: tree,
    files: outcomes.new + outcomes.duplicate,
    bytes: bytesRead,
    distinctFiles: outcomes.new,
    distinctBytes: bytesWritten,
  };
}
