/** What a snapshot knows of one name in a tree. */

import { type Digest, digestOf } from '../digest.ts';
import { toBytes } from '../names.ts';
import { encodeXattrs } from './xattrs.ts';

/** One name in the tree of a snapshot; `type` says which of these it is. */
export type Entry = DirectoryEntry | FileEntry | LinkEntry | MissingEntry;

interface Named {
  /**
   * From the root of the tree, joined by `/`, in the escaped form: `toBytes` gives the exact bytes.
   * The root directory itself has the empty path.
   */
  readonly path: string;
}

interface Owned extends Named {
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970; below zero before. */
  readonly mtime: bigint;
  /** Sorted by the bytes of their names; undefined for none. */
  readonly xattrs?: readonly Xattr[] | undefined;
}

export interface DirectoryEntry extends Owned {
  readonly type: 'directory';
  /** Permissions: the lower 12 bits of st_mode. */
  readonly mode: number;
  /** Why its list of names may not be whole, as in `MissingEntry`. */
  readonly lacks?: string | undefined;
}

export interface FileEntry extends Owned {
  readonly type: 'file';
  /** Permissions: the lower 12 bits of st_mode. */
  readonly mode: number;
  /** In bytes. */
  readonly size: number;
  readonly digest: Digest;
  /**
   * Of a file with several names: the same for all of them, SHA-256 of the path of the first one in
   * the tree.
   */
  readonly group?: Digest | undefined;
}

export interface LinkEntry extends Owned {
  readonly type: 'link';
  /** In the escaped form: `toBytes` gives the exact bytes. */
  readonly target: string;
}

/** What an ingest met and could not record: it has no content, mode or time. */
export interface MissingEntry extends Named {
  readonly type: 'missing';
  /** An errno's name, or a word: FORMAT.md lists them. */
  readonly why: string;
}

export interface Xattr {
  /** In the escaped form (see `toBytes`), its namespace included: `user.comment`. */
  readonly name: string;
  readonly value: Uint8Array;
}

/** What sorts an entry by its bytes: its path, and of a directory a slash after it. */
export function keyOfEntry({ path, type }: Pick<Entry, 'path' | 'type'>): string {
  return type === 'directory' && path !== '' ? `${path}/` : path;
}

/** The name of a group of hard links, by the path of its first member. */
export function groupOf(path: string): Digest {
  return digestOf(toBytes(path));
}

/** Of all that the names of one file have in common: what its line says but for its name. */
export function factsDigest(file: FileEntry): Digest {
  const { mode, uid, gid, mtime, size, digest, xattrs = [] } = file;
  const facts = [mode, uid, gid, mtime, size, digest, encodeXattrs(xattrs)];
  return digestOf(Buffer.from(facts.join(' ')));
}
