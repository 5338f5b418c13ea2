/**
 * Sorts records by the bytes of their keys in bounded memory. Records collect in one chunk; a full
 * chunk is sorted and spilled as a run, and at the end the runs are merged. The spill file is
 * unlinked as soon as it is open, so that nothing is left behind however the process ends.
 */
import { tmpdir } from 'node:os';
import { failed } from '../errors.ts';
import { type FileOps, nodeFileOps, type StoreFd, writeFully } from '../files/file-ops.ts';
import { openUnlinked } from '../files/unlinked-temp.ts';
import { mergeRuns, type Run } from './merge-runs.ts';
import { HEAD_BYTES, recordAt, type SortedRecord } from './sorted-record.ts';

/** Paths of some 70,000 files: sorting them holds up the main thread for a tenth of a second. */
const CHUNK_BYTES = 8 << 20;
/** Of a run, written at a time. */
const WRITE_BYTES = 1 << 20;

export interface SortOptions {
  /** Bytes of records held in memory before they are sorted and spilled. */
  readonly chunkBytes?: number | undefined;
  readonly ops?: FileOps | undefined;
}

export class ExternalSort {
  readonly #what: string;
  readonly #ops: FileOps;
  #chunk: Buffer;
  #used = 0;
  #starts: number[] = [];
  #runs: Run[] = [];
  #spillFd: StoreFd | undefined;
  #spilled = 0;

  /** `what` is what an error says could not be done: "cannot sort the manifest". */
  constructor(what: string, options: SortOptions = {}) {
    this.#what = what;
    this.#chunk = Buffer.allocUnsafe(options.chunkBytes ?? CHUNK_BYTES);
    this.#ops = options.ops ?? nodeFileOps;
  }

  /** How many sorted runs lie in the spill file. */
  get runs(): number {
    return this.#runs.length;
  }

  /** What `sorted` gives stays as it is until something is added. */
  get isInMemory(): boolean {
    return this.#runs.length === 0;
  }

  /** Throws an IngotError when spilling fails. */
  add(key: Buffer, payload: Buffer): void {
    const size = HEAD_BYTES + payload.length + key.length;
    if (this.#used + size > this.#chunk.length) this.#makeRoom(size);
    const at = this.#used;
    this.#starts.push(at);
    this.#chunk.writeUInt32LE(payload.length, at);
    this.#chunk.writeUInt32LE(key.length, at + 4);
    payload.copy(this.#chunk, at + HEAD_BYTES);
    key.copy(this.#chunk, at + HEAD_BYTES + payload.length);
    this.#used += size;
  }

  /** All records in order. Each is valid until the next is asked for. */
  *sorted(): Generator<SortedRecord> {
    if (this.#runs.length === 0) return yield* this.#sortedChunk();
    this.#spill();
    this.#chunk = Buffer.alloc(0);
    try {
      yield* mergeRuns(this.#spillFd!, this.#runs);
    } catch (error) {
      throw this.#spillFailed(error);
    }
  }

  /** Gives up the spill file. */
  close(): void {
    const fd = this.#spillFd;
    this.#spillFd = undefined;
    if (fd !== undefined) this.#ops.closeSync(fd);
  }

  #makeRoom(size: number): void {
    if (this.#starts.length > 0) this.#spill();
    if (size > this.#chunk.length) this.#chunk = Buffer.allocUnsafe(size);
  }

  *#sortedChunk(): Generator<SortedRecord> {
    const bytes = this.#chunk;
    // Numbers, and no record for each: a chunk has 70,000 of them.
    const keyAt = (start: number) => start + HEAD_BYTES + bytes.readUInt32LE(start);
    const end = (start: number) => keyAt(start) + bytes.readUInt32LE(start + 4);
    this.#starts.sort((a, b) => bytes.compare(bytes, keyAt(b), end(b), keyAt(a), end(a)));
    for (const start of this.#starts) yield recordAt(bytes, start);
  }

  #spill(): void {
    try {
      this.#spillFd ??= openUnlinked(this.#ops);
      this.#writeRun(this.#spillFd);
    } catch (error) {
      throw this.#spillFailed(error);
    }
    this.#runs.push({ start: this.#spilled, end: this.#spilled + this.#used });
    this.#spilled += this.#used;
    this.#starts = [];
    this.#used = 0;
  }

  #writeRun(fd: StoreFd): void {
    let block = Buffer.allocUnsafe(Math.min(this.#used, WRITE_BYTES));
    let filled = 0;
    for (const { payloadAt, payloadLength, keyLength } of this.#sortedChunk()) {
      const [from, to] = [payloadAt - HEAD_BYTES, payloadAt + payloadLength + keyLength];
      if (filled + to - from > block.length) {
        writeFully(this.#ops, fd, block.subarray(0, filled));
        filled = 0;
        if (to - from > block.length) block = Buffer.allocUnsafe(to - from);
      }
      filled += this.#chunk.copy(block, filled, from, to);
    }
    writeFully(this.#ops, fd, block.subarray(0, filled));
  }

  #spillFailed(error: unknown): Error {
    const hint = 'free space there or point TMPDIR at a disk with more';
    return failed(this.#what, error, { path: tmpdir(), hint });
  }
}
