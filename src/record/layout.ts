/**
 * The bytes of a record; all numbers are little-endian.
 *
 *   line of JSON: whose record it is, of which sources
 *   block        of some entries in one directory; any number of them, in any order
 *   index        where the blocks of a directory are: see index-table.ts
 *   end          256 bytes of text: where the index is, how the store was
 *
 * A part, the record of a run that goes on or was cut off, has no index and no end. An entry is
 *
 *   hash of the name, length of the name, kind, flags
 *   size, length of what follows the name
 *   nanoseconds of mtime and ctime, seconds of both, inode, uid, gid, mode, links, digest
 *   the bytes of the name; then of a file its extended attributes, of a link its target
 *
 * A block of no entries says what the directory itself was: see directory-block.ts.
 */
import { toBytes } from '../names.ts';

/** Names the format: a record with another number is none. */
export const RECORD_FORMAT = 1;

/** Of an entry. */
export const ENTRY = {
  hash: 0,
  nameBytes: 4,
  kind: 6,
  flags: 7,
  size: 8,
  tailBytes: 14,
  modifiedNanoseconds: 16,
  changedNanoseconds: 20,
  modifiedSeconds: 24,
  changedSeconds: 30,
  inodeLow: 36,
  inodeHigh: 40,
  uid: 44,
  gid: 48,
  mode: 52,
  links: 54,
  digest: 56,
  /** The name begins here. */
  bytes: 88,
} as const;

export const KIND = { file: 1, link: 2, directory: 3 } as const;

/** Its extended attributes were asked for. */
export const HAS_XATTRS = 1;
/**
 * Its content was read when its status was this very one, ctime and inode included. Not of what was
 * compared without them: who removes a file relies on it.
 */
export const IS_SURE = 2;

export const DIGEST_BYTES = 32;

/** The most that lengths of two bytes say. */
export const MAX_UINT16 = 2 ** 16 - 1;
/** The most that numbers of six bytes say: of sizes; seconds go half as far both ways. */
export const MAX_UINT48 = 2 ** 48 - 1;
export const MAX_INT48 = 2 ** 47 - 1;

/** Of a block, before its entries. */
export const BLOCK = {
  magic: 0,
  /** Of all entries. */
  payloadBytes: 4,
  /** CRC-32 of all that follows. */
  checksum: 8,
  entries: 12,
  /** Two numbers each: where the directory lies in the tree, and which one it is (0, 0: unknown). */
  path: 16,
  identity: 24,
  bytes: 32,
} as const;

export const BLOCK_MAGIC = 0x6b6c6221;

/** Of an entry in a block, at most. */
export const MAX_BLOCK_ENTRIES = 4096;
/** Of the entries of a block, at most, if more than one. */
export const MAX_BLOCK_BYTES = 1 << 20;

export const END_BYTES = 256;

/** Two numbers of 32 bits. */
export type Key = readonly [high: number, low: number];

export const NO_KEY: Key = [0, 0];

/** Of the very bytes of a buffer. */
export function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Reads six bytes. */
export function uint48At(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32;
}

/** The same with a sign. */
export function int48At(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getInt16(at + 4, true) * 2 ** 32;
}

/** Writes six bytes; of a number without a sign, too. */
export function setInt48(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  view.setUint32(at, value - high * 2 ** 32, true);
  view.setUint16(at + 4, high & 0xffff, true);
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SECOND_BASIS = 0x9e3779b9;

/** FNV-1a over the bytes of a name or path. */
export function hashOf(text: string, basis = FNV_BASIS): number {
  let hash = basis;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return hashOfBytes(toBytes(text), basis);
    hash = Math.imul(hash ^ unit, FNV_PRIME);
  }
  return hash >>> 0;
}

function hashOfBytes(bytes: Uint8Array, basis: number): number {
  let hash = basis;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** Which directory it is by its path in the tree. Two may have one key: entries are compared anyway. */
export function pathKey(inTree: string): Key {
  return [hashOf(inTree), hashOf(inTree, SECOND_BASIS)];
}

/** Which directory it is, wherever it has been moved to. */
export function identityKey({
  device,
  inode,
  inodeLow,
}: {
  readonly device: number;
  readonly inode: number;
  readonly inodeLow: number;
}): Key {
  const text = `${device}:${inode}`;
  return [hashOf(text), (hashOf(text, SECOND_BASIS) ^ inodeLow) >>> 0];
}
