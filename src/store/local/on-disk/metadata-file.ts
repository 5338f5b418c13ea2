/**
 * Reads metadata that others may have changed. In its place may lie a fifo, a device or a link,
 * which must neither block nor lead elsewhere, or a file larger than memory.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { hasErrno, IngotError } from '../../../errors.ts';
import { uninterrupted } from '../../../native/uninterrupted.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Opens a regular file and no other. Throws INGOT_BAD_METADATA for anything else that has its
 * name, and what open(2) throws.
 */
export function openRegular(path: string, flags: number, mode?: number): number {
  let fd: number;
  try {
    fd = fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, mode);
  } catch (error) {
    // A link; a socket or a fifo without a reader; a directory opened for writing.
    if (!hasErrno(error, 'ELOOP', 'ENXIO', 'EISDIR')) throw error;
    // Where it is the links on the way that form a circle, this throws ELOOP, too.
    if (hasErrno(error, 'ELOOP')) fs.lstatSync(path);
    throw badMetadata(path, 'it is not a regular file', error);
  }
  let isRegular = false;
  try {
    isRegular = fs.fstatSync(fd).isFile();
  } finally {
    if (!isRegular) fs.closeSync(fd);
  }
  if (!isRegular) throw badMetadata(path, 'it is not a regular file');
  return fd;
}

/** Reads a small file whole. Throws as openRegular does, also for more than `maxBytes`. */
export function readSmallFile(path: string, maxBytes: number): string {
  const fd = openRegular(path, O_RDONLY);
  try {
    const text = readStart(fd, maxBytes + 1);
    if (text.length <= maxBytes) return text.toString('utf8');
  } finally {
    fs.closeSync(fd);
  }
  throw badMetadata(path, `it has more than ${maxBytes} bytes`);
}

/** The first bytes of a file just opened, at most `maxBytes`. Throws what read(2) throws. */
export function readStart(fd: number, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes);
  let length = 0;
  for (let n = -1; n !== 0 && length < maxBytes; length += n) {
    const at = length;
    n = uninterrupted(() => fs.readSync(fd, buffer, at, maxBytes - at, null));
  }
  return buffer.subarray(0, length);
}

/** True for the ids that are made here: 128 random bits in hex. */
export function isRandomId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

export function randomId(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Throws INGOT_BAD_METADATA for a link: it may lead to another user's files. False when nothing is
 * there.
 */
export function requireNoLink(path: string): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) throw badMetadata(path, 'it is a link');
  return found !== undefined;
}

function badMetadata(path: string, why: string, cause?: unknown): IngotError {
  const hint = 'nothing was touched; restore it from a backup';
  const what = 'the store cannot be opened';
  return new IngotError({ what, code: 'INGOT_BAD_METADATA', path, why, hint }, cause);
}
