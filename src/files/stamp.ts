import type fs from 'node:fs';

/**
 * Another one for a file that was written to or replaced, and for a folder whose names changed;
 * undefined where nothing is. Some file systems (GlusterFS, SMB, gvfs) report other times at every
 * look: there only what was replaced has another one. `look` is fs.statSync or fs.lstatSync.
 */
export function stampAt(path: string, look: typeof fs.statSync): string | undefined {
  const options = { bigint: true, throwIfNoEntry: false } as const;
  const [first, second] = [look(path, options), look(path, options)];
  if (first === undefined || second === undefined) return undefined;
  return first.mtimeNs === second.mtimeNs ? `${second.ino}:${second.mtimeNs}` : `${second.ino}`;
}
