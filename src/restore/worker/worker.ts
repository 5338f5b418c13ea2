/** What runs in a worker thread; the entry file workers/restore-worker.ts only calls it. */
import { failureOf } from '../../errors.ts';
import { AtStatus } from '../../native/at-status.ts';
import { type Libc, loadLibc } from '../../native/libc.ts';
import { Width } from '../../read-ahead/width.ts';
import type { EngineModule } from '../../store/seam/engine.ts';
import { loadModule } from '../../threads/load-module.ts';
import type { RestoreReply, RestoreSetup, RestoreTask } from '../messages.ts';
import { BatchRestore } from './batch.ts';
import { SMALL_FILE_BYTES, type Thread } from './thread.ts';

let thread: Promise<Thread> | undefined;

/** Never rejects: a failure is a reply. All tasks of a thread are of one run. */
export async function runRestoreTask({ setup, entries }: RestoreTask): Promise<RestoreReply> {
  try {
    thread ??= open(setup);
    return { status: 'done', ...new BatchRestore(entries, setup, await thread).run() };
  } catch (error) {
    return { status: 'failed', failure: failureOf('cannot restore', error) };
  }
}

/** Files that are there may be left alone, and then none is read; a dry run reads nothing. */
function widthFor({ readAhead, overwrite, dryRun }: RestoreSetup, libc: Libc): Width {
  const mayLeave = overwrite === 'never' || overwrite === 'if-changed';
  return new Width(dryRun ? 0 : readAhead.files, mayLeave, libc.threadSwitches);
}

async function open(setup: RestoreSetup): Promise<Thread> {
  const { openThreadReader } = await loadModule<EngineModule>(setup.store.module);
  const libc = await loadLibc();
  // The main thread has looked: without these calls there is no restore.
  const at = libc!.at!;
  return {
    reader: await openThreadReader(setup.store.init),
    width: widthFor(setup, libc!),
    ...{ files: libc!.files, at, xattrs: libc!.xattrWriter },
    buffer: new Uint8Array(SMALL_FILE_BYTES + 1),
    status: new AtStatus(),
    entriesDone: new Int32Array(setup.entriesDone),
    bytesRead: new BigInt64Array(setup.bytesRead),
    stop: new Int32Array(setup.stop),
    mayClone: true,
    keepsModes: undefined,
  };
}
