import { toBytes } from '../names.ts';
import { entryEnd } from './entry.ts';
import { type BlockPlace, IndexTable } from './index-table.ts';
import { BLOCK, ENTRY, hashOf, type Key, NO_KEY } from './layout.ts';
import { DamagedBlock, RecordWindow, requireDamage } from './record-window.ts';

/** A record as threads read it. */
export interface SharedRecord {
  /** Open as long as the threads run; theirs to read only. */
  readonly fd: number;
  readonly index: SharedArrayBuffer;
  /** What it says of a content counts only when the store has its object, looked at now. */
  readonly mustLook: boolean;
  /** It was left by a run that did not come to its end. */
  readonly isPart: boolean;
}

/** Finds the entries of one directory after the other in a record. Never throws for what it holds. */
export class RecordReader {
  readonly record: SharedRecord;
  /** Blocks that could not be used. */
  damaged = 0;
  readonly #index: IndexTable;
  #path: Key = NO_KEY;
  #identity: Key = NO_KEY;
  #isLoaded = false;
  /** A hash table with open addressing: a position of 0 is a free slot. */
  #positions = new Float64Array(0);
  #hashes = new Uint32Array(0);
  #mask = 0;
  #entries = 0;
  readonly #window: RecordWindow;

  constructor(record: SharedRecord) {
    this.record = record;
    this.#index = new IndexTable(record.index);
    this.#window = new RecordWindow(record.fd);
  }

  /** What is asked for next lies in this directory. */
  enter(path: Key, identity: Key): void {
    const isSame = isEqual(path, this.#path) && isEqual(identity, this.#identity);
    if (isSame) return;
    this.#path = path;
    this.#identity = identity;
    this.#isLoaded = false;
  }

  /** What `find` gives counts in this, until the next one. */
  get view(): DataView {
    return this.#window.view;
  }

  /** The same as a Buffer. */
  get bytes(): Buffer {
    return this.#window.bytes;
  }

  /** Where the entry of a name begins; undefined when nothing is known of it. */
  find(name: string): number | undefined {
    if (!this.#isLoaded) this.#load();
    if (this.#entries === 0) return undefined;
    try {
      return this.#lookUp(name);
    } catch (error) {
      this.#isDamaged(error);
      this.#entries = 0;
      return undefined;
    }
  }

  #lookUp(name: string): number | undefined {
    const hash = hashOf(name);
    for (let slot = slotOf(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const position = this.#positions[slot]!;
      if (position === 0) return undefined;
      if (this.#hashes[slot] !== hash) continue;
      const head = this.#window.bring(position, ENTRY.bytes);
      const at = this.#window.bring(position, entryEnd(this.view, head) - head);
      if (this.#isNamed(at, name)) return at;
    }
  }

  #isNamed(at: number, name: string): boolean {
    const bytes = this.view.getUint16(at + ENTRY.nameBytes, true);
    const from = at + ENTRY.bytes;
    for (let index = 0; index < name.length; index++) {
      const unit = name.charCodeAt(index);
      if (unit > 0x7f) return toBytes(name).equals(this.bytes.subarray(from, from + bytes));
      if (index === bytes || this.bytes[from + index] !== unit) return false;
    }
    return bytes === name.length;
  }

  #load(): void {
    this.#isLoaded = true;
    this.#entries = 0;
    const places = this.#index.entriesOf(this.#path, this.#identity);
    if (places.length === 0) return;
    this.#clearTable(places.reduce((sum, { entries }) => sum + entries, 0));
    for (const place of places) {
      try {
        this.#loadBlock(place);
      } catch (error) {
        this.#isDamaged(error);
      }
    }
  }

  #clearTable(entries: number): void {
    let slots = 16;
    while (slots < 2 * entries) slots *= 2;
    this.#mask = slots - 1;
    if (slots > this.#positions.length) {
      this.#positions = new Float64Array(slots);
      this.#hashes = new Uint32Array(slots);
    } else this.#positions.fill(0, 0, slots);
  }

  #loadBlock(place: BlockPlace): void {
    const from = this.#window.block(place);
    const { view } = this.#window;
    for (const at of entriesIn(view, from, place))
      this.#insert(view.getUint32(at + ENTRY.hash, true), place.position + at - from);
  }

  #insert(hash: number, position: number): void {
    let slot = slotOf(hash) & this.#mask;
    while (this.#positions[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#positions[slot] = position;
    this.#hashes[slot] = hash;
    this.#entries++;
  }

  #isDamaged(error: unknown): void {
    requireDamage(error);
    this.damaged++;
  }
}

/** Where the entries of a block begin, which begins at `from`. Throws a DamagedBlock. */
export function* entriesIn(
  view: DataView,
  from: number,
  { bytes, entries }: BlockPlace,
): Generator<number, void, undefined> {
  const end = from + bytes;
  let at = from + BLOCK.bytes;
  for (let entry = 0; entry < entries; entry++) {
    if (at + ENTRY.bytes > end) throw new DamagedBlock();
    const next = entryEnd(view, at);
    if (next > end) throw new DamagedBlock();
    yield at;
    at = next;
  }
  if (at !== end) throw new DamagedBlock();
}

function isEqual(a: Key, b: Key): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** The lower bits of FNV-1a are its best, but for short names. */
function slotOf(hash: number): number {
  return hash ^ (hash >>> 15);
}
