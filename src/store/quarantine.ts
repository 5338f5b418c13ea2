import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, failed } from '../errors.ts';
import { type FileOps, flushDirectory, makeFolder, nodeFileOps } from './file-ops.ts';
import { METADATA } from './format.ts';

/** Where damaged objects are kept: as `<digest>.<n>`. */
export function quarantineFolder(root: string): string {
  return join(root, METADATA, 'quarantine');
}

/**
 * Moves a damaged object out of the way, so that a later ingest stores its content again; never
 * deletes it. Durable on return. Gives its new path, or undefined when the file of this inode is
 * no longer there: it was moved, or good content was published in its place. Throws an IngotError.
 */
export function quarantine(
  root: string,
  object: { readonly digest: string; readonly path: string; readonly inode: number },
  ops: FileOps = nodeFileOps,
): string | undefined {
  const { digest, path, inode } = object;
  const folder = quarantineFolder(root);
  try {
    if (makeFolder(ops, folder, 0o700)) flushDirectory(ops, dirname(folder));
    if (inodeOf(path) !== inode) return undefined;
    const aside = freeName(folder, digest);
    ops.renameSync(path, aside);
    // Published between look and rename: the good object goes back to its place.
    const mistaken = inodeOf(aside) !== inode;
    if (mistaken) ops.renameSync(aside, path);
    flushDirectory(ops, folder);
    flushDirectory(ops, dirname(path));
    return mistaken ? undefined : aside;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && inodeOf(path) === undefined) return undefined;
    throw failed('cannot quarantine an object', error, { path });
  }
}

function freeName(folder: string, digest: string): string {
  for (let n = 1; ; n++) {
    const name = join(folder, `${digest}.${n}`);
    if (inodeOf(name) === undefined) return name;
  }
}

function inodeOf(path: string): number | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.ino;
}
