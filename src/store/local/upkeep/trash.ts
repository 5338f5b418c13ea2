/** Large files that a gc has taken: their names go in a moment, and their blocks only later. */
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Digest } from '../../../digest.ts';
import { hasErrno } from '../../../errors.ts';
import { type FileOps, namesIn } from '../../../files/file-ops.ts';
import { removeFile } from '../../../files/remove.ts';
import { makeFolder } from '../../../files/rights.ts';
import { METADATA } from '../on-disk/format.ts';
import { requireNoLink } from '../on-disk/metadata-file.ts';
import { storeRights } from '../on-disk/sharing.ts';

/** To unlink more takes longer than others should wait. */
export const LARGE_BYTES = 64 << 20;

function trashFolder(root: string): string {
  return join(root, METADATA, 'trash');
}

/** Throws what the calls fail with, and INGOT_BAD_METADATA for a link. */
export function throwAway(root: string, path: string, digest: Digest, ops: FileOps): void {
  const place = join(trashFolder(root), `${digest}.${randomBytes(8).toString('hex')}`);
  try {
    requireNoLink(dirname(place));
    makeFolder(ops, dirname(place), storeRights(root).folder);
    ops.renameSync(path, place);
  } catch (error) {
    // There is room for no name more.
    if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
    ops.unlinkSync(path);
  }
}

/** Also of what a gc has left that was killed. Throws what the calls fail with. */
export function emptyTrash(root: string, ops: FileOps): void {
  const folder = trashFolder(root);
  if (requireNoLink(folder))
    for (const name of namesIn(folder)) removeFile(ops, join(folder, name));
}
