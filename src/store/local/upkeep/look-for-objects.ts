/** Looking for objects: the part of `verify` of snapshots that runs in the worker threads. */
import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { failed, hasErrno, isFailure, SHORTAGES } from '../../../errors.ts';
import type { Layout } from '../../choices.ts';
import { candidatePaths } from '../on-disk/layout.ts';

/**
 * The size of each object in bytes; -1 for one that is not there, NaN for one that cannot be looked
 * at. Throws an IngotError when the machine is short of something.
 */
export function lookForObjects(
  root: string,
  layout: Layout,
  digests: readonly Digest[],
): readonly number[] {
  return digests.map((digest) => {
    let refused = false;
    for (const path of candidatePaths(root, layout, digest)) {
      const size = sizeAt(path);
      if (size >= 0) return size;
      refused ||= Number.isNaN(size);
    }
    return refused ? Number.NaN : MISSING;
  });
}

const MISSING = -1;

/** Of what is no file as well: the check of the object says what it is. */
function sizeAt(path: string): number {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? MISSING;
  } catch (error) {
    if (hasErrno(error, 'ENOTDIR')) return MISSING;
    if (!isFailure(error) || hasErrno(error, ...SHORTAGES.keys()))
      throw failed('cannot look for an object', error, { path });
    return Number.NaN;
  }
}
