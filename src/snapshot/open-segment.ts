/** A segment that is being written. */
import type { Digest } from '../digest.ts';
import { isEnd, lengthsOf } from './cut.ts';
import { FULL_SEGMENT_BYTES } from './limits.ts';
import { encodeRef, headOf, type SegmentRef } from './segment.ts';

/** What a line stands for: an entry, or a segment of the level below. */
type Part = Omit<SegmentRef, 'digest' | 'level'>;

export class OpenSegment {
  readonly level: number;
  #lines: string[] = [];
  #bytes = 0;
  /** Of its first line. */
  #begin: Pick<Part, 'directory' | 'first'> = { directory: '', first: '' };
  /** Of its last line. */
  #last: SegmentRef | undefined;
  #entries = 0;
  #size = 0;

  constructor(level: number) {
    this.level = level;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** The one segment that it refers to; undefined when there are more, or none. */
  get only(): SegmentRef | undefined {
    return this.#lines.length === 1 ? this.#last : undefined;
  }

  append(line: string, part: Part): void {
    if (this.isEmpty) this.#begin = part;
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line);
    this.#entries += part.entries;
    this.#size += part.size;
  }

  appendRef(ref: SegmentRef): void {
    this.append(encodeRef(ref, this.#last?.directory ?? ref.directory), ref);
    this.#last = ref;
  }

  /** True when it ends after its last line, of which `hash` gives the hash. */
  isAtEnd(hash: () => number): boolean {
    return (
      this.#bytes >= FULL_SEGMENT_BYTES || isEnd(lengthsOf(this.level), this.#lines.length, hash)
    );
  }

  /** Its bytes, and what refers to it, given the digest. It is empty afterwards. */
  take(): { readonly bytes: Buffer; readonly refWith: (digest: Digest) => SegmentRef } {
    const part = { ...this.#begin, level: this.level, entries: this.#entries, size: this.#size };
    const lines = this.isEmpty ? '' : `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#last = undefined;
    this.#bytes = this.#entries = this.#size = 0;
    return {
      bytes: Buffer.from(headOf(this.level) + lines),
      refWith: (digest) => ({ ...part, digest }),
    };
  }
}
