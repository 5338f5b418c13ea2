import fs from 'node:fs';
import { errnoOf } from '../errors.ts';
import type { BlockPlace } from './index-table.ts';
import { isSoundBlock } from './record-blocks.ts';

/** Something of a record is not as it was written, or cannot be read. */
export class DamagedBlock extends Error {}

/** Throws what is not the fault of a record. */
export function requireDamage(error: unknown): void {
  if (!(error instanceof DamagedBlock) && errnoOf(error) === undefined) throw error;
}

/** Read at a time beyond what is needed: entries come mostly in the order of the record. */
const WINDOW_BYTES = 256 << 10;

/** A part of a record, in memory. */
export class RecordWindow {
  readonly #fd: number;
  #bytes = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #from = 0;
  #to = 0;

  /** `fd`: of the record, the caller's to close. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** What `bring` and `block` give counts in this, until the next call of either. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The same. */
  get view(): DataView {
    return this.#view;
  }

  /** Where a position of the record is, with so many bytes after it. Throws a DamagedBlock, an errno. */
  bring(position: number, bytes: number): number {
    if (position < this.#from || position + bytes > this.#to) this.#read(position, bytes);
    return position - this.#from;
  }

  /** Where a whole block is, whose checksum is right. Throws as `bring`. */
  block({ position, bytes }: BlockPlace): number {
    const at = this.bring(position, bytes);
    if (!isSoundBlock(this.#bytes.subarray(at, at + bytes))) throw new DamagedBlock();
    return at;
  }

  #read(position: number, least: number): void {
    const most = Math.max(least, WINDOW_BYTES);
    if (most > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(most);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#from = position;
    this.#to = position;
    while (this.#to < position + most) {
      const into = this.#to - position;
      const read = fs.readSync(this.#fd, this.#bytes, into, most - into, this.#to);
      if (read === 0) break;
      this.#to += read;
    }
    if (this.#to < position + least) throw new DamagedBlock();
  }
}
