import type { AnyDescriptor } from '../native/descriptor.ts';
import type { Statx } from '../native/libc.ts';
import { type EntryAt, isLink } from './entry.ts';
import { ENTRY, MAX_UINT16 } from './layout.ts';

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const STATX_WORDS = 64;
/** Room for any name that an entry has, and for its end. */
const NAME_BYTES = MAX_UINT16 + 1;

/** Looks at what has the name of an entry now. No object is made of what it finds. */
export class EntryLook {
  readonly #statx: Statx;
  readonly #words = new Uint32Array(STATX_WORDS);
  /** A name as calls take it: with a NUL byte at its end. */
  readonly #name = Buffer.alloc(NAME_BYTES);

  constructor(statx: Statx) {
    this.#statx = statx;
  }

  /**
   * True for what was recorded, its inode and all of its times alike. `directory`: open. False also where
   * it cannot be looked at.
   */
  isSame(entry: EntryAt, directory: AnyDescriptor): boolean {
    const { bytes, view, at } = entry;
    const words = this.#words;
    const length = view.getUint16(at + ENTRY.nameBytes, true);
    bytes.copy(this.#name, 0, at + ENTRY.bytes, at + ENTRY.bytes + length);
    this.#name[length] = 0;
    return (
      this.#statx.inExactly(directory, this.#name, words) &&
      (words[7]! & S_IFMT) === (isLink(entry) ? S_IFLNK : S_IFREG) &&
      words[8] === view.getUint32(at + ENTRY.inodeLow, true) &&
      words[9] === view.getUint32(at + ENTRY.inodeHigh, true) &&
      words[10] === view.getUint32(at + ENTRY.size, true) &&
      words[11] === view.getUint16(at + ENTRY.size + 4, true) &&
      words[24] === view.getUint32(at + ENTRY.changedSeconds, true) &&
      (words[25]! & 0xffff) === view.getUint16(at + ENTRY.changedSeconds + 4, true) &&
      words[26] === view.getUint32(at + ENTRY.changedNanoseconds, true) &&
      words[28] === view.getUint32(at + ENTRY.modifiedSeconds, true) &&
      (words[29]! & 0xffff) === view.getUint16(at + ENTRY.modifiedSeconds + 4, true) &&
      words[30] === view.getUint32(at + ENTRY.modifiedNanoseconds, true)
    );
  }
}
