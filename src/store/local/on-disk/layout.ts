import fs from 'node:fs';
import { join } from 'node:path';
import { type Digest, isDigest } from '../../../digest.ts';
import { failed, hasErrno, type IngotError, isDenied, isIngotError } from '../../../errors.ts';
import type { Layout } from '../../choices.ts';

export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, n) =>
  n.toString(16).padStart(2, '0'),
);

/** Where an object lies in a layout. */
export function objectPath(root: string, layout: Layout, digest: Digest): string {
  return layout === 'flat' ? `${root}/${digest}` : `${root}/${digest.slice(0, 2)}/${digest}`;
}

/** The layout that is not this one: where a store that is being moved keeps the rest. */
export function otherLayout(layout: Layout): Layout {
  return layout === 'flat' ? 'sharded' : 'flat';
}

/** The folders that hold objects, the store's own first. */
export function objectFolders(root: string, layout: Layout): string[] {
  return layout === 'flat' ? [root] : [root, ...SHARDS.map((shard) => join(root, shard))];
}

/**
 * Where to look for an object, in this order. A relayout may have moved it to the other layout,
 * or, while one looked there, from it: hence the first place once more.
 */
export function candidatePaths(root: string, layout: Layout, digest: Digest): string[] {
  const expected = objectPath(root, layout, digest);
  return [expected, objectPath(root, otherLayout(layout), digest), expected];
}

/**
 * The objects in either layout, a folder at a time, in no order: enough to count them. One that a
 * relayout moves meanwhile may come twice or not at all; see `listEveryObject`.
 */
export function* listObjects(
  root: string,
  layout: Layout,
  onRefused?: OnRefused,
): Generator<Digest> {
  yield* listLayout(root, otherLayout(layout), onRefused);
  yield* listLayout(root, layout, onRefused);
}

/** The objects that lie in one layout, whatever the store's own is. */
export function* listLayout(
  root: string,
  layout: Layout,
  onRefused?: OnRefused,
): Generator<Digest> {
  if (layout === 'flat') yield* digestsIn(root, '', onRefused);
  else for (const shard of SHARDS) yield* digestsIn(join(root, shard), shard, onRefused);
}

/** Called for a folder that may not be listed, which is then passed over. Without it the error is thrown. */
export type OnRefused = (folder: string, error: IngotError) => void;

function digestsIn(
  folder: string,
  prefix: string,
  onRefused: OnRefused | undefined,
): Generator<Digest> {
  const isOwn = (name: string): name is Digest => name.startsWith(prefix) && isDigest(name);
  return listFolder(folder, isOwn, onRefused);
}

/** Names in a folder, those that are its own, read as they are asked for; none where it is not there. */
export function* listFolder<Name extends string>(
  folder: string,
  isOwn: (name: string) => name is Name,
  onRefused: OnRefused | undefined,
): Generator<Name> {
  let handle: fs.Dir | undefined;
  try {
    handle = fs.opendirSync(folder, { bufferSize: 1024 });
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync())
      if (isOwn(entry.name)) yield entry.name;
  } catch (error) {
    if (handle === undefined && hasErrno(error, 'ENOENT')) return;
    const failure = failed('cannot list objects', error, { path: folder });
    if (onRefused === undefined || !isDenied(error) || !isIngotError(failure)) throw failure;
    onRefused(folder, failure);
  } finally {
    handle?.closeSync();
  }
}
