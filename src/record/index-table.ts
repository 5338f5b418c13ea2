/**
 * Where the blocks of a directory are. A row of eight numbers for each block, sorted by the path of
 * its directory; then the numbers of the rows, sorted by which directory it is.
 */
import os from 'node:os';
import type { Key } from './layout.ts';

/** A block, and where it lies in the record. */
export interface BlockPlace {
  readonly path: Key;
  readonly identity: Key;
  readonly position: number;
  /** With its head. */
  readonly bytes: number;
  readonly entries: number;
}

const ROW = 8;
const PATH = 0;
const IDENTITY = 2;
const POSITION_LOW = 4;
const POSITION_HIGH = 5;
const BYTES = 6;
const ENTRIES = 7;

/** A record holds numbers as such a machine has them in memory. */
export const RECORDS_WORK = os.endianness() === 'LE';

/** Bytes of an index. */
export function indexBytes(rows: number): number {
  return 4 * (ROW + 1) * rows;
}

export class IndexBuilder {
  #words = new Uint32Array(1024 * ROW);
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add({ path, identity, position, bytes, entries }: BlockPlace): void {
    const at = this.#rows++ * ROW;
    if (at === this.#words.length) {
      const larger = new Uint32Array(2 * at);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words.set([...path, ...identity, position, position / 2 ** 32, bytes, entries], at);
  }

  /** In memory that threads share. */
  build(): SharedArrayBuffer {
    const rows = this.#rows;
    const shared = new SharedArrayBuffer(indexBytes(rows));
    const words = new Uint32Array(shared);
    const unsorted = this.#words.subarray(0, rows * ROW);
    for (const [to, from] of orderBy(PATH, unsorted).entries())
      words.set(unsorted.subarray(from * ROW, (from + 1) * ROW), to * ROW);
    words.set(orderBy(IDENTITY, words.subarray(0, rows * ROW)), rows * ROW);
    return shared;
  }
}

/** The numbers of the rows, sorted by the first number of a key. */
function orderBy(column: number, rows: Uint32Array): Uint32Array {
  const count = rows.length / ROW;
  // Each as one number of 64 bits, which are sorted without a function: key, row.
  const pairs = new BigUint64Array(count);
  const halves = new Uint32Array(pairs.buffer);
  for (let row = 0; row < count; row++) {
    halves[2 * row] = row;
    halves[2 * row + 1] = rows[row * ROW + column]!;
  }
  pairs.sort();
  return new Uint32Array(count).map((_, at) => halves[2 * at]!);
}

export class IndexTable {
  readonly #words: Uint32Array;
  readonly #rows: number;

  /** As `build` makes it. */
  constructor(index: SharedArrayBuffer) {
    this.#words = new Uint32Array(index);
    this.#rows = this.#words.length / (ROW + 1);
  }

  /** The blocks of entries of a directory by which it is; where that says nothing, by its path. */
  entriesOf(path: Key, identity: Key): BlockPlace[] {
    const known = identity[0] === 0 && identity[1] === 0 ? [] : this.#of(IDENTITY, identity);
    const found = known.some(hasEntries) ? known : this.#of(PATH, path);
    return found.filter(hasEntries);
  }

  /** All blocks of the directory at a path. */
  at(path: Key): BlockPlace[] {
    return this.#of(PATH, path);
  }

  #of(column: typeof PATH | typeof IDENTITY, [high, low]: Key): BlockPlace[] {
    const words = this.#words;
    const rowAt = (at: number) => (column === PATH ? at : words[this.#rows * ROW + at]!);
    const highAt = (at: number) => words[rowAt(at) * ROW + column]!;
    let from = 0;
    for (let to = this.#rows; from < to; ) {
      const middle = (from + to) >>> 1;
      if (highAt(middle) < high) from = middle + 1;
      else to = middle;
    }
    const found: BlockPlace[] = [];
    for (let at = from; at < this.#rows && highAt(at) === high; at++)
      if (words[rowAt(at) * ROW + column + 1] === low) found.push(this.#place(rowAt(at)));
    return found;
  }

  #place(row: number): BlockPlace {
    const words = this.#words;
    const at = row * ROW;
    return {
      path: [words[at + PATH]!, words[at + PATH + 1]!],
      identity: [words[at + IDENTITY]!, words[at + IDENTITY + 1]!],
      position: words[at + POSITION_LOW]! + words[at + POSITION_HIGH]! * 2 ** 32,
      bytes: words[at + BYTES]!,
      entries: words[at + ENTRIES]!,
    };
  }
}

/** Else it says what the directory itself was. */
export function hasEntries({ entries }: BlockPlace): boolean {
  return entries > 0;
}
