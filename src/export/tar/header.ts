/**
 * The headers of one member of a tar archive: a ustar block, and before it a pax header for all that
 * a ustar block cannot hold. Names are bytes.
 *
 * No library does it: tar-stream 3 and node-tar 7 take names as text only, and the former turns mode
 * 0 into 0644 and times after 2038 into others.
 */
import { isUtf8 } from 'node:buffer';
import { secondsText } from '../../native/timespec.ts';
import { paxBody, paxRecord, xattrKey } from './pax.ts';

export interface Member {
  readonly type: 'file' | 'hard link' | 'link' | 'directory';
  /** Of a directory with a slash at the end. */
  readonly path: Buffer;
  /** Of both kinds of links. */
  readonly target?: Buffer | undefined;
  /** The lower 12 bits of st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: Buffer | undefined;
  readonly group?: Buffer | undefined;
  /** In bytes; 0 of all that is no file. */
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly xattrs?: readonly { readonly name: Buffer; readonly value: Buffer }[] | undefined;
}

export const BLOCK_BYTES = 512;

/** Two blocks of zeros end an archive. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES);

const TYPES = { file: '0', 'hard link': '1', link: '2', directory: '5' } as const;
const PAX = 'x';

const MAX_NAME_BYTES = 100;
const MAX_OWNER_BYTES = 31;
/** What 7 and 11 octal digits hold. */
const MAX_ID = 0o7777777;
const MAX_NUMBER = 0o77777777777;
const SECOND = 1_000_000_000n;

/** All blocks before the content of a member. */
export function headersOf(member: Member): Buffer {
  const body = extendedHeader(member);
  if (body.length === 0) return ustarBlock(member, TYPES[member.type]);
  return Buffer.concat([...paxBlocks(body), ustarBlock(member, TYPES[member.type])]);
}

/**
 * What no reader takes for the end of an archive: a header whose body is missing. A reader that gets
 * nothing at all between two members takes that for an end.
 */
export function brokenEnd(): Buffer {
  return paxBlocks(Buffer.alloc(BLOCK_BYTES))[0]!;
}

/** Zeros from the end of a content to the next block. */
export function paddingOf(size: number): Buffer {
  return END_OF_ARCHIVE.subarray(0, (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

function paxBlocks(body: Buffer): Buffer[] {
  const path = Buffer.from('PaxHeader');
  const facts = { type: 'file', path, mode: 0o644, uid: 0, gid: 0, mtime: 0n } as const;
  return [ustarBlock({ ...facts, size: body.length }, PAX), body, paddingOf(body.length)];
}

function extendedHeader(member: Member): Buffer {
  const { path, target, user, group, uid, gid, size, mtime, xattrs = [] } = member;
  const records: Buffer[] = [];
  let binary = false;
  const name = (key: string, value: Buffer | undefined, most: number) => {
    if (value === undefined || (value.length <= most && isAscii(value))) return;
    binary ||= !isUtf8(value);
    records.push(paxRecord(key, value));
  };
  const number = (key: string, value: number, most: number) => {
    if (value > most) records.push(paxRecord(key, Buffer.from(`${value}`)));
  };
  name('path', path, MAX_NAME_BYTES);
  name('linkpath', target, MAX_NAME_BYTES);
  name('uname', user, MAX_OWNER_BYTES);
  name('gname', group, MAX_OWNER_BYTES);
  number('uid', uid, MAX_ID);
  number('gid', gid, MAX_ID);
  number('size', size, MAX_NUMBER);
  if (BigInt(wholeSeconds(mtime)) * SECOND !== mtime)
    records.push(paxRecord('mtime', Buffer.from(secondsText(mtime))));
  for (const xattr of xattrs) records.push(paxRecord(xattrKey(xattr.name), xattr.value));
  return paxBody(records, binary);
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}

/** As far as a ustar block has them. */
function wholeSeconds(mtime: bigint): number {
  return mtime < 0n ? 0 : Math.min(Number(mtime / SECOND), MAX_NUMBER);
}

/** A pax header before it says what has no room here. */
function ustarBlock(member: Omit<Member, 'xattrs'>, type: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const { path, target, user, group, mode, uid, gid, size, mtime } = member;
  path.copy(block, 0, 0, MAX_NAME_BYTES);
  octal(block, 100, 8, mode);
  octal(block, 108, 8, uid > MAX_ID ? 0 : uid);
  octal(block, 116, 8, gid > MAX_ID ? 0 : gid);
  octal(block, 124, 12, size > MAX_NUMBER ? 0 : size);
  octal(block, 136, 12, wholeSeconds(mtime));
  block.write(type, 156);
  target?.copy(block, 157, 0, MAX_NAME_BYTES);
  block.write('ustar\x0000', 257);
  user?.copy(block, 265, 0, MAX_OWNER_BYTES);
  group?.copy(block, 297, 0, MAX_OWNER_BYTES);
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  // The sum of all bytes, where its own eight are spaces.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  octal(block, 148, 7, sum);
  return block;
}

/** In `width` bytes, the last of them a NUL. */
function octal(block: Buffer, at: number, width: number, value: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
}
