/**
 * What a directory was, as a block of no entries: an entry of its own with what stat said of it, and
 * what it held.
 *
 *   entry: no name; its tail are the extended attributes
 *   how many files and links it held, the device, the length of the path
 *   its path in the tree; the names of its directories, separated by slashes
 *
 * Only of one whose names were all handed on, none passed over: as long as neither its times nor its
 * inode change, it holds the same names.
 */
import { escapeName, toBytes } from '../names.ts';
import type { FileStatus } from '../native/file-status.ts';
import {
  BLOCK,
  BLOCK_MAGIC,
  ENTRY,
  HAS_XATTRS,
  identityKey,
  KIND,
  MAX_UINT16,
  pathKey,
  viewOf,
} from './layout.ts';
import { checksumOf, fits, setKey, setStatus, statusAt } from './record-blocks.ts';

export interface RecordedDirectory {
  /** Where it lay in the tree. */
  readonly inTree: string;
  readonly status: FileStatus;
  /** As lines of a snapshot have them. */
  readonly xattrs: string;
  /** False where they were not asked for. */
  readonly hasXattrs: boolean;
  /** Files and links in it. */
  readonly entries: number;
  readonly subdirectories: readonly string[];
}

/** Of what follows the entry. */
const ENTRIES = 0;
const DEVICE = 4;
const PATH_BYTES = 12;
const FIXED_BYTES = 14;

/** Undefined for what does not fit. */
export function encodeDirectory(directory: RecordedDirectory): Buffer | undefined {
  const { inTree, status, xattrs, hasXattrs, entries, subdirectories } = directory;
  const tail = Buffer.from(xattrs);
  const path = toBytes(inTree);
  const names = toBytes(subdirectories.join('/'));
  if (!fits(status) || tail.length > MAX_UINT16 || path.length > MAX_UINT16) return undefined;
  const restAt = BLOCK.bytes + ENTRY.bytes + tail.length;
  const block = Buffer.alloc(restAt + FIXED_BYTES + path.length + names.length);
  const view = viewOf(block);
  view.setUint32(BLOCK.magic, BLOCK_MAGIC, true);
  view.setUint32(BLOCK.payloadBytes, block.length - BLOCK.bytes, true);
  setKey(view, BLOCK.path, pathKey(inTree));
  setKey(view, BLOCK.identity, identityKey(status));
  view.setUint8(BLOCK.bytes + ENTRY.kind, KIND.directory);
  view.setUint8(BLOCK.bytes + ENTRY.flags, hasXattrs ? HAS_XATTRS : 0);
  view.setUint16(BLOCK.bytes + ENTRY.tailBytes, tail.length, true);
  setStatus(view, BLOCK.bytes, status);
  tail.copy(block, BLOCK.bytes + ENTRY.bytes);
  view.setUint32(restAt + ENTRIES, entries, true);
  view.setFloat64(restAt + DEVICE, status.device, true);
  view.setUint16(restAt + PATH_BYTES, path.length, true);
  path.copy(block, restAt + FIXED_BYTES);
  names.copy(block, restAt + FIXED_BYTES + path.length);
  view.setUint32(BLOCK.checksum, checksumOf(block), true);
  return block;
}

/** Of a block whose checksum is right; undefined for one that is none. */
export function decodeDirectory(block: Buffer): RecordedDirectory | undefined {
  const view = viewOf(block);
  const isDirectory =
    block.length >= BLOCK.bytes + ENTRY.bytes + FIXED_BYTES &&
    view.getUint32(BLOCK.entries, true) === 0 &&
    view.getUint8(BLOCK.bytes + ENTRY.kind) === KIND.directory;
  if (!isDirectory) return undefined;
  const tailAt = BLOCK.bytes + ENTRY.bytes;
  const restAt = tailAt + view.getUint16(BLOCK.bytes + ENTRY.tailBytes, true);
  const pathAt = restAt + FIXED_BYTES;
  if (pathAt > block.length) return undefined;
  const namesAt = pathAt + view.getUint16(restAt + PATH_BYTES, true);
  if (namesAt > block.length) return undefined;
  const names = escapeName(block.subarray(namesAt));
  return {
    inTree: escapeName(block.subarray(pathAt, namesAt)),
    status: statusAt(view, BLOCK.bytes, view.getFloat64(restAt + DEVICE, true)),
    xattrs: block.toString('utf8', tailAt, restAt),
    hasXattrs: (view.getUint8(BLOCK.bytes + ENTRY.flags) & HAS_XATTRS) !== 0,
    entries: view.getUint32(restAt + ENTRIES, true),
    subdirectories: names === '' ? [] : names.split('/'),
  };
}
