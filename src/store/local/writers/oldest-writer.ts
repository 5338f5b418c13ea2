import fs from 'node:fs';
import { join } from 'node:path';
import { hasErrno, isDenied } from '../../../errors.ts';
import { LOCK } from '../../../files/locked-folder.ts';
import type { Libc } from '../../../native/libc.ts';
import { mayLive, writerFolders } from './writer.ts';

/**
 * When the oldest writer began that may be alive, in milliseconds since 1970, by the file system's
 * clock; now where there is none.
 */
export async function oldestWriter(root: string, libc: Libc): Promise<number> {
  let oldest = Date.now();
  for (const folder of await writerFolders(root, libc))
    if (mayLive(folder, libc)) oldest = Math.min(oldest, begunAt(folder));
  return oldest;
}

function begunAt(folder: string): number {
  try {
    return fs.statSync(join(folder, LOCK)).mtimeMs;
  } catch (error) {
    // Another user's may be as old as can be.
    if (isDenied(error)) return 0;
    if (!hasErrno(error, 'ENOENT')) throw error;
    return Number.POSITIVE_INFINITY;
  }
}
