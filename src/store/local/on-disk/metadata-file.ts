/**
 * Metadata that others may have meddled with. In its place may lie a fifo, a device or a link,
 * which must neither block nor lead elsewhere, or more bytes than memory holds.
 */
import fs from 'node:fs';
import { errnoOf, IngotError } from '../../../errors.ts';
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
    // A link, a fifo without a reader or a socket, a directory that shall be written to.
    const code = errnoOf(error) ?? '';
    if (!['ELOOP', 'ENXIO', 'EISDIR'].includes(code)) throw error;
    // Throws the same where the links on the way to it lead in a circle.
    if (code === 'ELOOP') fs.lstatSync(path);
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

/** Reads a small file whole. Throws as openRegular does, also for more than `mostBytes`. */
export function readSmallFile(path: string, mostBytes: number): string {
  const fd = openRegular(path, O_RDONLY);
  try {
    const text = readStart(fd, mostBytes + 1);
    if (text.length <= mostBytes) return text.toString('utf8');
  } finally {
    fs.closeSync(fd);
  }
  throw badMetadata(path, `it has more than ${mostBytes} bytes`);
}

/** The first bytes of a file just opened, so many at most. Throws what read(2) throws. */
export function readStart(fd: number, mostBytes: number): Buffer {
  const buffer = Buffer.alloc(mostBytes);
  let length = 0;
  for (let n = -1; n !== 0 && length < mostBytes; length += n) {
    const at = length;
    n = uninterrupted(() => fs.readSync(fd, buffer, at, mostBytes - at, null));
  }
  return buffer.subarray(0, length);
}

/**
 * Throws INGOT_BAD_METADATA for a link, which would lead to what is somebody else's. False when
 * nothing is there.
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
