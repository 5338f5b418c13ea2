import fs from 'node:fs';
import type { Libc } from '../native/libc.ts';
import type { FileOps } from './file-ops.ts';

/**
 * Renames a file; false when something has the new name. Where only rename(2) is available, a file
 * that appears there at this very moment is replaced. Throws what the calls fail with.
 */
export function renameNew(ops: FileOps, libc: Libc | undefined, from: string, to: string): boolean {
  const renamed = libc?.renameNew(from, to);
  if (renamed !== undefined) return renamed;
  if (fs.lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
  ops.renameSync(from, to);
  return true;
}
