/** A segment that is being written. */
import type { Digest } from '../digest.ts';
import type { SortedRecord } from '../sort/sorted-record.ts';
import { bodyEnd, bodyStart, tailStart } from './block.ts';
import { isEnd, lengthsOf } from './cut.ts';
import { FULL_SEGMENT_BYTES } from './limits.ts';
import { encodeRef, headOf, type SegmentRef } from './segment.ts';

/** Of an entry. */
export interface Place {
  /** In which it lies, with a slash at the end; of the root the empty string. */
  readonly directory: string;
  /** Its name, of a directory with a slash at the end. Asked for by few. */
  first(): string;
}

/** What an entry says of itself where it lies. */
export interface Placed {
  readonly place: Place;
  /** How many directories to leave before it. */
  readonly up: number;
  /** Bytes of JSON. */
  readonly group: Uint8Array | undefined;
}

/** Most segments are smaller. */
const USUAL_BYTES = 128 << 10;
const NEWLINE = 0x0a;
const BRACE = 0x7b;
/** `{"up":99999,` and a newline. */
const AROUND_BODY = 16;

export class OpenSegment {
  readonly level: number;
  #bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  #used = 0;
  #lines = 0;
  /** Where its first line lies. */
  #begin: Pick<SegmentRef, 'directory' | 'first'> = { directory: '', first: '' };
  /** Of its last line. */
  #last: SegmentRef | undefined;
  #entries = 0;
  #size = 0;

  constructor(level: number) {
    this.level = level;
    this.#start();
  }

  get isEmpty(): boolean {
    return this.#lines === 0;
  }

  /** The one segment that it refers to; undefined when there are more, or none. */
  get only(): SegmentRef | undefined {
    return this.#lines === 1 ? this.#last : undefined;
  }

  /** `size`: bytes of the entry's content. */
  appendEntry(record: SortedRecord, size: number, { place, up, group }: Placed): void {
    const { bytes } = record;
    const [from, to] = [bodyStart(record), bodyEnd(record)];
    const room = AROUND_BODY + to - from + (group?.length ?? 0);
    if (this.#used + room > this.#bytes.length) this.#grow(room);
    if (this.isEmpty) this.#begin = { directory: place.directory, first: place.first() };
    this.#bytes[this.#used++] = BRACE;
    // Where a segment begins stands in the one above it.
    if (up > 0 && !this.isEmpty) this.#used += this.#bytes.write(`"up":${up},`, this.#used);
    if (group === undefined) this.#used += bytes.copy(this.#bytes, this.#used, from, to);
    else {
      const tail = tailStart(record);
      this.#used += bytes.copy(this.#bytes, this.#used, from, tail);
      this.#bytes.set(group, this.#used);
      this.#used += group.length;
      this.#used += bytes.copy(this.#bytes, this.#used, tail, to);
    }
    this.#endLine(1, size);
  }

  appendRef(ref: SegmentRef): void {
    const line = encodeRef(ref, this.#last?.directory ?? ref.directory);
    const room = 3 * line.length + 1;
    if (this.#used + room > this.#bytes.length) this.#grow(room);
    if (this.isEmpty) this.#begin = ref;
    this.#used += this.#bytes.write(line, this.#used);
    this.#endLine(ref.entries, ref.size);
    this.#last = ref;
  }

  #endLine(entries: number, size: number): void {
    this.#bytes[this.#used++] = NEWLINE;
    this.#lines++;
    this.#entries += entries;
    this.#size += size;
  }

  /** True when it ends after its last line, of which `hash` is the hash. */
  isAtEnd(hash: number): boolean {
    return this.#used >= FULL_SEGMENT_BYTES || isEnd(lengthsOf(this.level), this.#lines, hash);
  }

  /**
   * Its bytes, which are good until something is added, and what refers to it, given the digest. It
   * is empty afterwards.
   */
  take(): { readonly bytes: Buffer; readonly refWith: (digest: Digest) => SegmentRef } {
    const part = { ...this.#begin, level: this.level, entries: this.#entries, size: this.#size };
    const bytes = this.#bytes.subarray(0, this.#used);
    this.#start();
    return { bytes, refWith: (digest) => ({ ...part, digest }) };
  }

  #start(): void {
    this.#used = this.#bytes.write(headOf(this.level));
    this.#last = undefined;
    this.#lines = this.#entries = this.#size = 0;
  }

  #grow(room: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * this.#bytes.length + room);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
