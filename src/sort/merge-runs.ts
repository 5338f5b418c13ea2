import fs from 'node:fs';
import { type AnyDescriptor, numberOf } from '../native/descriptor.ts';
import { uninterrupted } from '../native/uninterrupted.ts';
import { DIGEST_BYTES, LENGTH_BYTES, type SortedPair } from './sorted-pair.ts';

/** Where a sorted run lies in the spill file. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** One read of a run: some 500 pairs, and for 1,000 runs (70 million files) 64 MB in all. */
const BUFFER_BYTES = 64 << 10;

/** Yields the pairs of all runs in the order of their paths; each is valid until the next. */
export function* mergeRuns(fd: AnyDescriptor, runs: readonly Run[]): Generator<SortedPair> {
  const heap: RunReader[] = [];
  for (const run of runs) {
    const reader = new RunReader(fd, run);
    if (reader.next()) heap.push(reader);
  }
  for (let at = heap.length >> 1; at >= 0; at--) sink(heap, at);
  while (heap.length > 0) {
    yield heap[0]!;
    if (!heap[0]!.next()) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(heap, 0);
  }
}

/** Moves a reader down the binary heap until none below it comes before it. */
function sink(heap: RunReader[], from: number): void {
  const moved = heap[from];
  if (moved === undefined) return;
  let at = from;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && heap[below + 1]!.comesBefore(heap[below]!)) below++;
    if (!heap[below]!.comesBefore(moved)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = moved;
}

/** Reads a run through a small buffer; after `next` it is the pair that was read. */
class RunReader implements SortedPair {
  bytes = Buffer.allocUnsafe(BUFFER_BYTES);
  digestAt = 0;
  pathLength = 0;
  readonly #fd: AnyDescriptor;
  readonly #end: number;
  #position: number;
  /** The unread part of `bytes`. */
  #at = 0;
  #filled = 0;

  constructor(fd: AnyDescriptor, run: Run) {
    this.#fd = fd;
    this.#position = run.start;
    this.#end = run.end;
  }

  next(): boolean {
    if (this.#at === this.#filled && this.#position === this.#end) return false;
    this.#need(LENGTH_BYTES);
    this.pathLength = this.bytes.readUInt32LE(this.#at);
    const size = LENGTH_BYTES + DIGEST_BYTES + this.pathLength;
    this.#need(size);
    this.digestAt = this.#at + LENGTH_BYTES;
    this.#at += size;
    return true;
  }

  comesBefore(other: RunReader): boolean {
    const mine = this.digestAt + DIGEST_BYTES;
    const theirs = other.digestAt + DIGEST_BYTES;
    return (
      this.bytes.compare(
        other.bytes,
        theirs,
        theirs + other.pathLength,
        mine,
        mine + this.pathLength,
      ) < 0
    );
  }

  /** Makes `size` unread bytes lie in the buffer, which grows for a pair larger than itself. */
  #need(size: number): void {
    if (this.#filled - this.#at >= size) return;
    const larger = size > this.bytes.length ? Buffer.allocUnsafe(size) : this.bytes;
    this.#filled = this.bytes.copy(larger, 0, this.#at, this.#filled);
    this.bytes = larger;
    this.#at = 0;
    while (this.#filled < size) {
      const wanted = Math.min(this.bytes.length - this.#filled, this.#end - this.#position);
      const read = uninterrupted(() =>
        fs.readSync(numberOf(this.#fd), this.bytes, this.#filled, wanted, this.#position),
      );
      if (read === 0) throw new Error('the spill file of the manifest is cut short');
      this.#position += read;
      this.#filled += read;
    }
  }
}
