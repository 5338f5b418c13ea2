import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import type { Layout } from '../../choices.ts';
import { candidatePaths } from '../on-disk/layout.ts';

/** Undefined when it is gone, or no file. Throws what lstat(2) fails with. */
export function objectSize(root: string, layout: Layout, digest: Digest): number | undefined {
  for (const path of candidatePaths(root, layout, digest)) {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isFile()) return stat.size;
  }
  return undefined;
}
