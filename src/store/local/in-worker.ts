/** What worker threads load of a local store; the entry file workers/local-store.ts only names it. */
import { fileOpsWith } from '../../files/file-ops.ts';
import { nodeFiles } from '../../native/files.ts';
import { loadLibc } from '../../native/libc.ts';
import type { ThreadReader } from '../seam/read.ts';
import type { Check, Look } from '../seam/upkeep.ts';
import type { WorkerHalf, WorkerThread } from '../seam/write.ts';
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

export function openCheck(init: unknown): Check {
  const { root, layout } = init as CheckInit;
  return (digests, onRead) => verifyObjects(root, layout, digests, onRead);
}

export async function openThreadReader(init: unknown): Promise<ThreadReader> {
  return new LocalThreadReader(init as ThreadReaderInit, (await loadLibc())?.files ?? nodeFiles);
}

export function openLook(init: unknown): Look {
  const { root, layout } = init as CheckInit;
  return (digests) => lookForObjects(root, layout, digests);
}
