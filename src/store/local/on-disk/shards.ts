import { dirname, join } from 'node:path';
import { hasErrno } from '../../../errors.ts';
import { type FileOps, flushDirectory } from '../../../files/file-ops.ts';
import { makeFolder } from '../../../files/rights.ts';
import { SHARDS } from './layout.ts';
import { requireNoLink } from './metadata-file.ts';
import { storeRights } from './sharing.ts';

/** Makes folders of the sharded layout; gives those that found no room, with the last error. */
export function makeShards(
  root: string,
  shards: readonly string[],
  ops: FileOps,
): { readonly missing: readonly string[]; readonly error: unknown } {
  let error: unknown;
  const { folder } = storeRights(root);
  const missing = shards.filter((shard) => {
    try {
      makeFolder(ops, join(root, shard), folder);
      return false;
    } catch (refusal) {
      if (!hasErrno(refusal, 'ENOSPC')) throw refusal;
      error = refusal;
      return true;
    }
  });
  return { missing, error };
}

/** Throws INGOT_BAD_METADATA for a shard that is a link: objects would go wherever it points. */
export function requireShards(root: string): void {
  for (const shard of SHARDS) requireNoLink(join(root, shard));
}

/**
 * Makes the folder of a path in the store, durably: a space gets its own with its first content, and
 * a copy of a store may lack empty shards. False where that is the store's directory. Throws what
 * the file system throws.
 */
export function remakeFolder(root: string, path: string, ops: FileOps): boolean {
  const folder = dirname(path);
  if (folder === root) return false;
  if (makeFolder(ops, folder, storeRights(root).folder)) flushDirectory(ops, dirname(folder));
  return true;
}

/** Removes the folders of the sharded layout that are empty, durably. */
export function removeShards(root: string, ops: FileOps): void {
  for (const shard of SHARDS) {
    try {
      ops.rmdirSync(join(root, shard));
    } catch (error) {
      // What lies in it is not an object, and so not ours to remove.
      if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error;
    }
  }
  flushDirectory(ops, root);
}
