import fs from 'node:fs';
import { type AnyDescriptor, numberOf } from '../native/descriptor.ts';
import { uninterrupted } from '../native/uninterrupted.ts';
import { compareKeys, HEAD_BYTES, type SortedRecord } from './sorted-record.ts';

/** Where a sorted run lies in the spill file. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** One read of a run: some 500 paths, and for 1,000 runs (70 million files) 64 MB in all. */
const BUFFER_BYTES = 64 << 10;

/** Yields the records of all runs in the order of their keys; each is valid until the next. */
export function mergeRuns(
  fd: AnyDescriptor,
  runs: readonly Run[],
  bufferBytes = BUFFER_BYTES,
): Generator<SortedRecord> {
  return merged(runs.map((run) => new RunReader(fd, run, bufferBytes)));
}

/** The same for runs that lie in memory. */
export function mergeInMemory(runs: readonly Buffer[]): Generator<SortedRecord> {
  return merged(runs.map((run) => new MemoryReader(run)));
}

/** What is read is a record, until the next one is read. */
interface Reader extends SortedRecord {
  /** False at the end. */
  next(): boolean;
}

function* merged(readers: readonly Reader[]): Generator<SortedRecord> {
  const heap = readers.filter((reader) => reader.next());
  for (let at = heap.length >> 1; at >= 0; at--) sink(heap, at);
  while (heap.length > 0) {
    yield heap[0]!;
    if (!heap[0]!.next()) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    if (heap.length > 1) sink(heap, 0);
  }
}

/** Moves a reader down the binary heap until none below it comes before it. */
function sink(heap: Reader[], from: number): void {
  const moved = heap[from];
  if (moved === undefined) return;
  let at = from;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && compareKeys(heap[below + 1]!, heap[below]!) < 0) below++;
    if (compareKeys(heap[below]!, moved) >= 0) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = moved;
}

class MemoryReader implements Reader {
  readonly bytes: Buffer;
  payloadAt = 0;
  payloadLength = 0;
  keyLength = 0;
  #at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  next(): boolean {
    if (this.#at === this.bytes.length) return false;
    this.payloadLength = this.bytes.readUInt32LE(this.#at);
    this.keyLength = this.bytes.readUInt32LE(this.#at + 4);
    this.payloadAt = this.#at + HEAD_BYTES;
    this.#at = this.payloadAt + this.payloadLength + this.keyLength;
    return true;
  }
}

/** Reads a run through a small buffer. */
class RunReader implements Reader {
  bytes: Buffer;
  payloadAt = 0;
  payloadLength = 0;
  keyLength = 0;
  readonly #fd: AnyDescriptor;
  readonly #end: number;
  #position: number;
  /** The unread part of `bytes`. */
  #at = 0;
  #filled = 0;

  constructor(fd: AnyDescriptor, run: Run, bufferBytes: number) {
    this.bytes = Buffer.allocUnsafe(bufferBytes);
    this.#fd = fd;
    this.#position = run.start;
    this.#end = run.end;
  }

  next(): boolean {
    if (this.#at === this.#filled && this.#position === this.#end) return false;
    this.#need(HEAD_BYTES);
    this.payloadLength = this.bytes.readUInt32LE(this.#at);
    this.keyLength = this.bytes.readUInt32LE(this.#at + 4);
    const size = HEAD_BYTES + this.payloadLength + this.keyLength;
    this.#need(size);
    this.payloadAt = this.#at + HEAD_BYTES;
    this.#at += size;
    return true;
  }

  /** Makes `size` unread bytes lie in the buffer, which grows for a record larger than itself. */
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
      if (read === 0) throw new Error('the spill file is cut short');
      this.#position += read;
      this.#filled += read;
    }
  }
}
