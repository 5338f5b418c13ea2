/** Which file a path leads to, whatever the path is: a device and an inode on it. */
import fs, { type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { isDenied } from '../errors.ts';
import { realPathOf, toFsPath } from '../names.ts';

/** Exact: inodes above 2^53 round to each other in a number. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>;

export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/**
 * Gives a function that tells whether a directory is the folder, or holds it at any depth. It tells
 * so through a second mount of the directory, too, where the paths have nothing in common.
 */
export function holdersOf(folder: string): (directory: string) => boolean {
  const holders = new Set<string>();
  for (let at = realPathOf(folder), above = ''; at !== above; [at, above] = [dirname(at), at]) {
    holders.add(at);
    const stats = statusIfAllowed(at);
    if (stats !== undefined) holders.add(keyOf(stats));
  }
  return (directory) =>
    holders.has(realPathOf(directory)) ||
    holders.has(keyOf(fs.statSync(toFsPath(directory), { bigint: true })));
}

/** Whoever came here by a relative path need not be allowed to search all that lies above. */
function statusIfAllowed(path: string): BigIntStats | undefined {
  try {
    return fs.statSync(toFsPath(path), { bigint: true });
  } catch (error) {
    if (!isDenied(error)) throw error;
    return undefined;
  }
}

/** Not to be taken for a path, which begins with a slash. */
function keyOf({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}
