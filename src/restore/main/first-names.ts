/**
 * The first name of each group of hard links, in bounded memory: 16 bytes a group, and the rest in
 * an unlinked file in TMPDIR. A group of a million names takes no more than one of two.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { failed } from '../../errors.ts';
import { nodeFileOps, type StoreFd, writeFully } from '../../files/file-ops.ts';
import { openUnlinked } from '../../files/unlinked-temp.ts';
import { escapeName, toBytes } from '../../names.ts';
import { numberOf } from '../../native/descriptor.ts';
import { type FileEntry, factsDigest } from '../../snapshot/entry.ts';

const HASH_BYTES = 32;
/** Of a record: its group, a hash of what its names have in common, the length of its path. */
const HEAD_BYTES = 2 * HASH_BYTES + 4;
const BUFFER_BYTES = 256 << 10;
const FIRST_SLOTS = 1024;

export interface FirstName {
  /** Relative to TARGET. */
  readonly path: string;
  /** It is the same file but for its name. */
  readonly isEqual: boolean;
}

export class FirstNames {
  /** Where the record of a group begins, plus 1; 0 for none. */
  #slots = new Float64Array(FIRST_SLOTS);
  #hashes = new Float64Array(FIRST_SLOTS);
  #groups = 0;
  #fd: StoreFd | undefined;
  /** Records that are not in the file yet begin at `#written`. */
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #written = 0;

  /** The first name of the group of an entry; undefined when this is it. Throws an IngotError. */
  find(entry: FileEntry, path: string): FirstName | undefined {
    const group = Buffer.from(entry.group!, 'hex');
    const slot = this.#slotOf(group);
    const start = this.#slots[slot]!;
    const facts = Buffer.from(factsDigest(entry), 'hex');
    if (start === 0) {
      this.#add(slot, { group, facts, path: toBytes(path) });
      return undefined;
    }
    const head = this.#read(start - 1, HEAD_BYTES);
    const bytes = this.#read(start - 1 + HEAD_BYTES, head.readUInt32LE(2 * HASH_BYTES));
    const isEqual = facts.equals(head.subarray(HASH_BYTES, 2 * HASH_BYTES));
    return { path: escapeName(bytes), isEqual };
  }

  close(): void {
    if (this.#fd !== undefined) nodeFileOps.closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** That of the group, or the free one that it would get. */
  #slotOf(group: Buffer): number {
    const mask = this.#slots.length - 1;
    const hash = hashOf(group);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const start = this.#slots[at]!;
      if (start === 0) return at;
      if (this.#hashes[at] === hash && this.#read(start - 1, HASH_BYTES).equals(group)) return at;
    }
  }

  #add(slot: number, record: { group: Buffer; facts: Buffer; path: Buffer }): void {
    const { group, facts, path } = record;
    const length = Buffer.alloc(4);
    length.writeUInt32LE(path.length);
    const bytes = Buffer.concat([group, facts, length, path]);
    if (this.#used + bytes.length > this.#buffer.length) this.#spill(bytes.length);
    this.#slots[slot] = this.#written + this.#used + 1;
    this.#hashes[slot] = hashOf(group);
    this.#used += bytes.copy(this.#buffer, this.#used);
    if (++this.#groups * 2 > this.#slots.length) this.#grow();
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes];
    const mask = slots.length * 2 - 1;
    this.#slots = new Float64Array(slots.length * 2);
    this.#hashes = new Float64Array(slots.length * 2);
    for (const [index, start] of slots.entries()) {
      if (start === 0) continue;
      let at = hashes[index]! & mask;
      while (this.#slots[at] !== 0) at = (at + 1) & mask;
      this.#slots[at] = start;
      this.#hashes[at] = hashes[index]!;
    }
  }

  #spill(room: number): void {
    try {
      this.#fd ??= openUnlinked(nodeFileOps);
      writeFully(nodeFileOps, this.#fd, this.#buffer.subarray(0, this.#used));
    } catch (error) {
      const hint = 'free space there or point TMPDIR at a disk with more';
      throw failed('cannot remember hard links', error, { path: tmpdir(), hint });
    }
    this.#written += this.#used;
    this.#used = 0;
    if (room > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(room);
  }

  /** Records do not lie across the end of what is written. */
  #read(at: number, length: number): Buffer {
    if (at >= this.#written)
      return this.#buffer.subarray(at - this.#written, at - this.#written + length);
    const bytes = Buffer.allocUnsafe(length);
    for (let read = 0; read < length; ) {
      const n = fs.readSync(numberOf(this.#fd!), bytes, read, length - read, at + read);
      if (n === 0) throw new Error('the file of first names has been cut off');
      read += n;
    }
    return bytes;
  }
}

function hashOf(group: Buffer): number {
  return group.readUInt32LE(0) & 0x7fffffff;
}
