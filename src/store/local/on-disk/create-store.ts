import { dirname, join } from 'node:path';
import { bestEffort, failed, hasErrno, isDenied, isIngotError } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import { type FileOps, flushDirectory, nodeFileOps } from '../../../files/file-ops.ts';
import { makeFolder } from '../../../files/rights.ts';
import type { Libc } from '../../../native/libc.ts';
import type { Layout, Sharing } from '../../choices.ts';
import { denialIn } from './denial.ts';
import { METADATA, readFormat, type StoreFormat, writeFormat } from './format.ts';
import { SHARDS } from './layout.ts';
import { makeRoot } from './share-store.ts';
import { storeRights } from './sharing.ts';

/**
 * Creates a store: unless it is shared with mode 0700, because objects are 0444 and must not show
 * private files to other local users. Durable when it returns, its own entry in its parent included.
 * When another process creates the same store at once, one of them wins and both use its format.
 *
 * Where permission is denied, and where no writer can be or none can share the store, the folders
 * that were made go again.
 * Otherwise the next attempt goes on from them.
 */
export function createStore(
  root: string,
  layout: Layout,
  ops: FileOps = nodeFileOps,
  libc?: Libc,
  sharing?: Sharing,
): StoreFormat {
  const made: string[] = [];
  try {
    makeRoot(root, sharing, ops, made);
    makeFolders(root, layout, ops, made);
    // Last: whoever finds store.json finds a store whose own name is durable.
    writeFormat(root, { format: 1, layout }, 'if missing', ops, libc);
  } catch (error) {
    if (isDenied(error) || isIngotError(error)) removeEmpty(made, ops);
    throw failed('cannot create the store', error, {
      path: root,
      hint: diskFullHint(error, root),
      ...denialIn(root, error),
    });
  }
  return readFormat(root)!;
}

/** Those in the store's own. Adds those to `made` that were not there before. */
function makeFolders(root: string, layout: Layout, ops: FileOps, made: string[]): void {
  const [firstNew] = made;
  const { folder } = storeRights(root);
  const make = (name: string): void => {
    const path = join(root, name);
    if (makeFolder(ops, path, folder)) made.push(path);
  };
  make(METADATA);
  flushDirectory(ops, root);
  if (layout === 'sharded') {
    // After the flush: shards without .ingot would pass for somebody's own folders.
    for (const shard of SHARDS) make(shard);
    flushDirectory(ops, root);
  }
  flushAncestors(root, firstNew, ops);
}

/** The last made first; one that somebody uses by now is not empty. */
function removeEmpty(folders: readonly string[], ops: FileOps): void {
  for (const folder of folders.toReversed()) bestEffort(() => ops.rmdirSync(folder));
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
