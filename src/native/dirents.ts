/** What getdents64(2) fills a buffer with: one struct linux_dirent64 after the other. */
import os from 'node:os';

/** A buffer for them: as much as glibc's readdir(3) asks for. */
export const DIRENTS_BYTES = 32 << 10;

/** In one of them: its bytes, its type, the name. */
const LENGTH_AT = 16;
const TYPE_AT = 18;
const NAME_AT = 19;

const readLength = os.endianness() === 'LE' ? 'readUInt16LE' : 'readUInt16BE';

/** Types; a file system need not know them. */
export const DT_UNKNOWN = 0;
export const DT_DIR = 4;

/** Where the one behind that at `at` begins. */
export function nextDirent(dirents: Buffer, at: number): number {
  return at + dirents[readLength](at + LENGTH_AT);
}

export function direntType(dirents: Buffer, at: number): number {
  return dirents[at + TYPE_AT]!;
}

export function firstByteOfName(dirents: Buffer, at: number): number {
  return dirents[at + NAME_AT]!;
}

/** The bytes of the buffer itself. */
export function direntName(dirents: Buffer, at: number): Buffer {
  return dirents.subarray(at + NAME_AT, dirents.indexOf(0, at + NAME_AT));
}
