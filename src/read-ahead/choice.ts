import os from 'node:os';
import { type Check, wrong } from '../checked.ts';

/** How many files a thread reads ahead: as many as pay, or so many whatever they are worth. */
export type ReadAhead = number | 'auto';

/** More than this any disk is busy with. */
export const MAX_READ_AHEAD = 4096;

export const readAheadChoice: Check = (name, value) => {
  if (value === 'auto') return;
  if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_READ_AHEAD) return;
  throw wrong(name, value, `'auto' or a whole number from 0 to ${MAX_READ_AHEAD}`);
};

/** How far a thread may read ahead. */
export interface ReadAheadLimits {
  readonly files: ReadAhead;
  readonly bytes: number;
}

/** Of all memory that the process may use: what is read ahead must still be there in its turn. */
const SHARE_OF_MEMORY = 1 / 64;
const LEAST_BYTES = 1 << 20;
/** Keeps disks of some GB/s busy for the time that a request takes. */
const MOST_BYTES = 32 << 20;

export function readAheadLimits(
  files: ReadAhead = 'auto',
  threads: number,
  memory = usableMemory(),
): ReadAheadLimits {
  const share = Math.floor((memory * SHARE_OF_MEMORY) / threads);
  return { files, bytes: Math.min(MOST_BYTES, Math.max(LEAST_BYTES, share)) };
}

/** That of the machine, or less where a cgroup has a limit. */
function usableMemory(): number {
  const limit = process.constrainedMemory() ?? 0;
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
}
