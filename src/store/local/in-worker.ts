/** What worker threads load of a local store; the entry file workers/local-store.ts only names it. */
import { fileOpsWith } from '../../files/file-ops.ts';
import { statusReader } from '../../native/file-status.ts';
import { nodeFiles } from '../../native/files.ts';
import { type Libc, loadLibc } from '../../native/libc.ts';
import type { AskCalls } from '../../read-ahead/ask-open.ts';
import type { ReadAheadLimits } from '../../read-ahead/choice.ts';
import { Width } from '../../read-ahead/width.ts';
import type { ThreadReader } from '../seam/read.ts';
import type { Check, Look } from '../seam/upkeep.ts';
import type { WorkerHalf, WorkerThread } from '../seam/write.ts';
import { askForObject } from './ask-for-object.ts';
import { LocalThreadReader, type ThreadReaderInit } from './thread-reader.ts';
import { lookForObjects } from './upkeep/look-for-objects.ts';
import { type CheckInit, verifyObjects } from './upkeep/verify-objects.ts';
import { LocalWorkerHalf, type LocalWorkerInit } from './worker-half.ts';

export async function openWorkerHalf(
  init: unknown,
  { number, mayBeTerminated }: WorkerThread,
): Promise<WorkerHalf> {
  const libc = await loadLibc();
  const files = libc?.files ?? nodeFiles;
  const ops = fileOpsWith(files, mayBeTerminated ? nodeFiles : files);
  return new LocalWorkerHalf(init as LocalWorkerInit, number, libc, ops);
}

export async function openCheck(init: unknown, limits: ReadAheadLimits): Promise<Check> {
  const { root, layout } = init as CheckInit;
  const libc = await loadLibc();
  const width = new Width(limits.files, false, libc?.threadSwitches);
  const bounds = { width, aheadBytes: limits.bytes, stopped: () => false };
  const calls = callsOf(libc);
  const ask = askForObject(root, layout, calls);
  return (digests, onRead) => verifyObjects(root, layout, digests, { onRead, bounds, ask, calls });
}

export async function openThreadReader(init: unknown): Promise<ThreadReader> {
  return new LocalThreadReader(init as ThreadReaderInit, callsOf(await loadLibc()));
}

function callsOf(libc: Libc | undefined): AskCalls {
  return { files: libc?.files ?? nodeFiles, status: statusReader(libc?.statx) };
}

export function openLook(init: unknown): Look {
  const { root, layout } = init as CheckInit;
  return (digests) => lookForObjects(root, layout, digests);
}
