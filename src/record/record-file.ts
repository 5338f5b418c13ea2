/**
 * A record that an earlier run has left, as the main thread opens it for its threads. It is its
 * owner's alone, and anything may have become of it: what cannot be used is passed over.
 */
import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import type { FileOps, StoreFd } from '../files/file-ops.ts';
import { numberOf } from '../native/descriptor.ts';
import { IndexBuilder, indexBytes } from './index-table.ts';
import { BLOCK, END_BYTES, viewOf } from './layout.ts';
import { isSoundBlock } from './record-blocks.ts';
import {
  decodeEnd,
  decodeHead,
  FOREIGN_RECORD,
  MAX_HEAD_BYTES,
  type RecordEnd,
  type RecordHead,
  Unusable,
} from './record-head.ts';

const { O_RDONLY, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
/** More than any block. */
const MAX_BLOCK = 64 << 20;
const FIRST_HEAD_BYTES = 4096;

/** An open file of the folder of records. */
export interface OpenRecord {
  readonly path: string;
  readonly fd: StoreFd;
  readonly head: RecordHead;
  /** Where the blocks begin. */
  readonly from: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** What its index says. */
export interface RecordIndex {
  readonly index: SharedArrayBuffer;
  /** Undefined for a part. */
  readonly end: RecordEnd | undefined;
}

/** Throws an Unusable, an errno. `lock`: to be locked. */
export function openRecord(path: string, ops: FileOps, lock = false): OpenRecord {
  const fd = ops.openSync(path, (lock ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = fs.fstatSync(numberOf(fd));
    if (!stats.isFile()) throw new Unusable('it is no regular file');
    // Somebody else could say in it what he likes.
    if (process.getuid !== undefined && stats.uid !== process.geteuid!())
      throw new Unusable('it is another user’s', FOREIGN_RECORD);
    return { path, fd, size: stats.size, ...readHead(fd, stats.size) };
  } catch (error) {
    ops.closeSync(fd);
    throw error;
  }
}

function readHead(fd: StoreFd, size: number): { head: RecordHead; from: number } {
  for (let bytes = FIRST_HEAD_BYTES; ; bytes *= 16) {
    const read = readAt(fd, 0, Math.min(size, bytes));
    const end = read.indexOf('\n');
    if (end >= 0) return { head: decodeHead(read.toString('utf8', 0, end)), from: end + 1 };
    if (bytes >= Math.min(size, MAX_HEAD_BYTES)) throw new Unusable('it has no first line');
  }
}

/** The index of a record that was finished. Throws an Unusable, an errno. */
export function readIndex({ fd, from, size }: OpenRecord): RecordIndex {
  if (size < from + END_BYTES) throw new Unusable('it is cut off');
  const end = decodeEnd(readAt(fd, size - END_BYTES, END_BYTES));
  const { position, rows, checksum } = end;
  const bytes = indexBytes(rows);
  if (position < from || position + bytes + END_BYTES !== size) throw new Unusable('it is cut off');
  const index = new SharedArrayBuffer(bytes);
  const read = readAt(fd, position, bytes);
  if (crc32(read) !== checksum) throw new Unusable('its index is damaged');
  new Uint8Array(index).set(read);
  return { index, end };
}

/** The index of a part, whose blocks are looked at one by one: the last one may be torn. */
export function scanPart({ fd, from, size }: OpenRecord): RecordIndex {
  const builder = new IndexBuilder();
  for (let position = from; position + BLOCK.bytes <= size; ) {
    const head = viewOf(readAt(fd, position, BLOCK.bytes));
    const bytes = BLOCK.bytes + head.getUint32(BLOCK.payloadBytes, true);
    if (bytes > MAX_BLOCK || position + bytes > size) break;
    const block = readAt(fd, position, bytes);
    if (!isSoundBlock(block)) break;
    addBlock(builder, block, 0, position);
    position += bytes;
  }
  return { index: builder.build(), end: undefined };
}

/** Adds the block that begins at `at`, and lies at `position` in its record. Gives its bytes. */
export function addBlock(
  builder: IndexBuilder,
  blocks: Buffer,
  at: number,
  position: number,
): number {
  const view = viewOf(blocks);
  const bytes = BLOCK.bytes + view.getUint32(at + BLOCK.payloadBytes, true);
  const pair = (from: number) =>
    [view.getUint32(at + from, true), view.getUint32(at + from + 4, true)] as const;
  const entries = view.getUint32(at + BLOCK.entries, true);
  const [path, identity] = [pair(BLOCK.path), pair(BLOCK.identity)];
  builder.add({ path, identity, position, bytes, entries });
  return bytes;
}

function readAt(fd: StoreFd, position: number, bytes: number): Buffer {
  const into = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; ) {
    const read = fs.readSync(numberOf(fd), into, at, bytes - at, position + at);
    if (read === 0) throw new Unusable('it is cut off');
    at += read;
  }
  return into;
}
