/** A segment that is being written. */
import type { Digest } from '../digest.ts';
import { isEnd, lengthsOf } from './cut.ts';
import { FULL_SEGMENT_BYTES } from './limits.ts';
import { encodeRef, headOf, type SegmentRef } from './segment.ts';

/** What a line stands for: an entry, or a segment of the level below. */
type Part = Omit<SegmentRef, 'digest' | 'level'>;

/** Most segments are smaller. */
const USUAL_BYTES = 128 << 10;
const NEWLINE = 0x0a;

export class OpenSegment {
  readonly level: number;
  #bytes = Buffer.alloc(0);
  #used = 0;
  #lines = 0;
  /** Of its first line. */
  #begin: Pick<Part, 'directory' | 'first'> = { directory: '', first: '' };
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

  append(line: string, part: Part): void {
    if (this.isEmpty) this.#begin = part;
    this.#makeRoom(3 * line.length + 1);
    this.#used += this.#bytes.write(line, this.#used);
    this.#bytes[this.#used++] = NEWLINE;
    this.#lines++;
    this.#entries += part.entries;
    this.#size += part.size;
  }

  appendRef(ref: SegmentRef): void {
    this.append(encodeRef(ref, this.#last?.directory ?? ref.directory), ref);
    this.#last = ref;
  }

  /** True when it ends after its last line, of which `hash` gives the hash. */
  isAtEnd(hash: () => number): boolean {
    return this.#used >= FULL_SEGMENT_BYTES || isEnd(lengthsOf(this.level), this.#lines, hash);
  }

  /** Its bytes, and what refers to it, given the digest. It is empty afterwards. */
  take(): { readonly bytes: Buffer; readonly refWith: (digest: Digest) => SegmentRef } {
    const part = { ...this.#begin, level: this.level, entries: this.#entries, size: this.#size };
    const bytes = this.#bytes.subarray(0, this.#used);
    this.#start();
    return { bytes, refWith: (digest) => ({ ...part, digest }) };
  }

  /** With bytes of its own: those before are the storage's. */
  #start(): void {
    this.#bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
    this.#used = this.#bytes.write(headOf(this.level));
    this.#last = undefined;
    this.#lines = this.#entries = this.#size = 0;
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.#bytes.length + bytes);
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
