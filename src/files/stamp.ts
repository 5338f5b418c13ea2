import type fs from 'node:fs';

/** Another one for a file that was written to or replaced, and for a folder whose names changed. */
export function stampOf(stat: Pick<fs.BigIntStats, 'ino' | 'mtimeNs'>): string {
  return `${stat.ino}:${stat.mtimeNs}`;
}
