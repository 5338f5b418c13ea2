/** Pins: empty files, each named by the object that it keeps. */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../../../digest.ts';
import { failed, hasErrno } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import { type FileOps, flushDirectory } from '../../../files/file-ops.ts';
import { makeFolder, openOrMake } from '../../../files/rights.ts';
import { denialIn } from './denial.ts';
import { METADATA } from './format.ts';
import { requireNoLink } from './metadata-file.ts';
import { storeRights } from './sharing.ts';

export function pinsFolder(root: string): string {
  return join(root, METADATA, 'pins');
}

/** Pins an object, whether it is there or not. Durable when the folder is flushed. */
export function makePin(root: string, digest: Digest, ops: FileOps): void {
  const folder = pinsFolder(root);
  const path = join(folder, digest);
  try {
    requireNoLink(folder);
    const { folder: folderRights, file } = storeRights(root);
    if (makeFolder(ops, folder, folderRights)) flushDirectory(ops, dirname(folder));
    if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
    ops.closeSync(openOrMake(path, fs.constants.O_WRONLY, file, ops));
  } catch (error) {
    const hint = diskFullHint(error, root);
    throw failed('cannot pin an object', error, { path, hint, ...denialIn(root, error, path) });
  }
}

/** To be asked while no pin can be made. Throws what lstat(2) fails with. */
export function isPinned(root: string, digest: Digest): boolean {
  return fs.lstatSync(join(pinsFolder(root), digest), { throwIfNoEntry: false }) !== undefined;
}

/** Durable on return. False when there is no such pin. */
export function removePin(root: string, digest: Digest, ops: FileOps): boolean {
  const folder = pinsFolder(root);
  const path = join(folder, digest);
  try {
    requireNoLink(folder);
    ops.unlinkSync(path);
    flushDirectory(ops, folder);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw failed('cannot unpin an object', error, { path, ...denialIn(root, error, path) });
  }
}
