import type { FileOps, StoreFd } from '../../../files/file-ops.ts';
import type { Libc } from '../../../native/libc.ts';
import { tryStoreLock } from '../on-disk/store-lock.ts';
import { gcRuns, relayoutRuns } from './collect-refusals.ts';

/** Those that keep out another gc, and a relayout. Throws an IngotError; nothing is locked then. */
export function takeGcLocks(root: string, libc: Libc, ops: FileOps): readonly StoreFd[] {
  const how = { kind: 'exclusive', libc, ops } as const;
  const run = tryStoreLock(root, 'gc-run.lock', how);
  if (run === undefined) throw gcRuns(root);
  let relayout: StoreFd | undefined;
  try {
    relayout = tryStoreLock(root, 'relayout.lock', how);
    if (relayout === undefined) throw relayoutRuns(root);
    return [run, relayout];
  } finally {
    if (relayout === undefined) ops.closeSync(run);
  }
}
