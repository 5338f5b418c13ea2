import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { bestEffort, failed, hasErrno, isDenied } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import { type FileOps, flushDirectory, makeFolder, nodeFileOps } from '../../../files/file-ops.ts';
import { isWithoutLocks } from '../../../files/locks.ts';
import type { Libc } from '../../../native/libc.ts';
import type { Layout } from '../../choices.ts';
import { FORMAT, METADATA, readFormat, type StoreFormat, writeFormat } from './format.ts';
import { FOLDER_MODE, SHARDS } from './layout.ts';

/**
 * Creates a store: mode 0700, because objects are 0444 and must not show private files to other
 * local users. Durable when it returns, its own entry in its parent included. When another
 * process creates the same store at once, one of them wins and both use its format.
 *
 * Where permission is denied the folders that were made go again: under an umask that takes rights
 * from the user itself nobody could use them. Otherwise the next attempt goes on from them.
 */
export function createStore(
  root: string,
  layout: Layout,
  ops: FileOps = nodeFileOps,
  libc?: Libc,
): StoreFormat {
  const made: string[] = [];
  try {
    makeFolders(root, layout, ops, made);
    // Last: whoever finds store.json finds a store whose own name is durable.
    writeFormat(root, { format: FORMAT, layout }, 'if missing', ops, libc);
  } catch (error) {
    // Where no writer can be, no store is left either.
    if (isDenied(error) || isWithoutLocks(error)) removeEmpty(made, ops);
    throw failed('cannot create the store', error, {
      path: root,
      hint: umaskHint(error) ?? diskFullHint(error, root),
    });
  }
  return readFormat(root)!;
}

/** Adds those to `made` that were not there before. */
function makeFolders(root: string, layout: Layout, ops: FileOps, made: string[]): void {
  const make = (folder: string, mode: number): void => {
    if (makeFolder(ops, folder, mode)) made.push(folder);
  };
  for (const folder of missingFolders(root)) make(folder, 0o700);
  const [firstNew] = made;
  make(join(root, METADATA), 0o700);
  flushDirectory(ops, root);
  if (layout === 'sharded') {
    // After the flush: shards without .ingot would pass for somebody's own folders.
    for (const shard of SHARDS) make(join(root, shard), FOLDER_MODE);
    flushDirectory(ops, root);
  }
  flushAncestors(root, firstNew, ops);
}

/** The store's folder and those on the way to it that are not there, topmost first. */
function missingFolders(root: string): string[] {
  const missing: string[] = [];
  for (let folder = root; !fs.existsSync(folder); folder = dirname(folder)) missing.push(folder);
  return missing.reverse();
}

/** The last made first; one that somebody uses by now is not empty. */
function removeEmpty(folders: readonly string[], ops: FileOps): void {
  for (const folder of folders.toReversed()) bestEffort(() => ops.rmdirSync(folder));
}

function umaskHint(error: unknown): string | undefined {
  const umask = process.umask();
  if (!isDenied(error) || (umask & 0o700) === 0) return undefined;
  return `the umask ${umask.toString(8).padStart(4, '0')} takes rights from yourself: run with another, such as 0077`;
}

/**
 * Each folder on the way is an entry in its parent. All of them are flushed, up to the top of the
 * file system: those that were there may have been made by an attempt cut short, or a moment ago.
 */
function flushAncestors(root: string, firstNew: string | undefined, ops: FileOps): void {
  const { dev } = ops.statSync(root);
  for (let below = root; below !== dirname(below); below = dirname(below)) {
    const folder = dirname(below);
    if (ops.statSync(folder).dev !== dev) return;
    try {
      flushDirectory(ops, folder);
    } catch (error) {
      // A folder that others made for us need not be readable.
      const isOurs = firstNew !== undefined && below.length >= firstNew.length;
      if (isOurs || !hasErrno(error, 'EACCES')) throw error;
    }
  }
}
