/**
 * Removes what may be gone already. Not with rmSync: since Node 24 it throws most failures of
 * unlink(2) and rmdir(2), such as EIO, without an errno.
 */
import fs from 'node:fs';
import { hasErrno } from '../errors.ts';
import type { FileOps } from './file-ops.ts';

/** Throws what unlink(2) fails with. */
export function removeFile(ops: FileOps, path: string | Buffer): void {
  unlessGone(() => ops.unlinkSync(path));
}

/** A file, or a folder with all that is in it. Throws what the calls fail with. */
export function removeTree(ops: FileOps, path: string | Buffer): void {
  const isFolder = fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  unlessGone(() => {
    if (isFolder) {
      for (const name of fs.readdirSync(path, { encoding: 'buffer' }))
        removeTree(ops, Buffer.concat([Buffer.from(path), SLASH, name]));
      ops.rmdirSync(path);
    } else ops.unlinkSync(path);
  });
}

const SLASH = Buffer.from('/');

function unlessGone(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}
