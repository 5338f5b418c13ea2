/**
 * Sorts digest and path pairs by path bytes in bounded memory. Pairs collect in one chunk; a full
 * chunk is sorted and spilled as a run, and at the end the runs are merged. The spill file is
 * unlinked as soon as it is open, so that nothing is left behind however the process ends.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../digest.ts';
import { failed } from '../errors.ts';
import { type FileOps, nodeFileOps, type StoreFd, writeFully } from '../files/file-ops.ts';
import { toBytes } from '../names.ts';
import { mergeRuns, type Run } from './merge-runs.ts';
import { DIGEST_BYTES, LENGTH_BYTES, type SortedPair } from './sorted-pair.ts';

const HEAD_BYTES = LENGTH_BYTES + DIGEST_BYTES;

/** Pairs of some 70,000 files: sorting them holds up the main thread for a tenth of a second. */
const CHUNK_BYTES = 8 << 20;

export class ExternalSort {
  readonly #ops: FileOps;
  #chunk: Buffer;
  #used = 0;
  #starts: number[] = [];
  #runs: Run[] = [];
  #spillFd: StoreFd | undefined;
  #spilled = 0;

  constructor(chunkBytes = CHUNK_BYTES, ops: FileOps = nodeFileOps) {
    this.#chunk = Buffer.allocUnsafe(chunkBytes);
    this.#ops = ops;
  }

  /** How many sorted runs lie in the spill file. */
  get runs(): number {
    return this.#runs.length;
  }

  /** Takes a path in the escaped form of names.ts. Throws an IngotError when spilling fails. */
  add(digest: Digest, path: string): void {
    const bytes = toBytes(path);
    const size = HEAD_BYTES + bytes.length;
    if (this.#used + size > this.#chunk.length) this.#makeRoom(size);
    this.#starts.push(this.#used);
    this.#chunk.writeUInt32LE(bytes.length, this.#used);
    this.#chunk.write(digest, this.#used + LENGTH_BYTES, 'hex');
    bytes.copy(this.#chunk, this.#used + HEAD_BYTES);
    this.#used += size;
  }

  /** All pairs in order. Each is valid until the next is asked for. */
  *sorted(): Generator<SortedPair> {
    if (this.#runs.length === 0) return yield* this.#sortedChunk();
    this.#spill();
    this.#chunk = Buffer.alloc(0);
    try {
      yield* mergeRuns(this.#spillFd!, this.#runs);
    } catch (error) {
      throw spillFailed(error);
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

  *#sortedChunk(): Generator<SortedPair> {
    const bytes = this.#chunk;
    const end = (start: number) => start + HEAD_BYTES + bytes.readUInt32LE(start);
    this.#starts.sort((a, b) =>
      bytes.compare(bytes, b + HEAD_BYTES, end(b), a + HEAD_BYTES, end(a)),
    );
    for (const start of this.#starts)
      yield { bytes, digestAt: start + LENGTH_BYTES, pathLength: bytes.readUInt32LE(start) };
  }

  #spill(): void {
    try {
      this.#spillFd ??= openUnlinked(this.#ops);
      const run = Buffer.allocUnsafe(this.#used);
      let at = 0;
      for (const { digestAt, pathLength } of this.#sortedChunk())
        at += this.#chunk.copy(
          run,
          at,
          digestAt - LENGTH_BYTES,
          digestAt + DIGEST_BYTES + pathLength,
        );
      writeFully(this.#ops, this.#spillFd, run);
    } catch (error) {
      throw spillFailed(error);
    }
    this.#runs.push({ start: this.#spilled, end: this.#spilled + this.#used });
    this.#spilled += this.#used;
    this.#starts = [];
    this.#used = 0;
  }
}

function openUnlinked(ops: FileOps): StoreFd {
  const path = join(tmpdir(), `ingot-${randomBytes(16).toString('hex')}`);
  const { O_RDWR, O_CREAT, O_EXCL } = fs.constants;
  const fd = ops.openSync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
  ops.unlinkSync(path);
  return fd;
}

function spillFailed(error: unknown): Error {
  const hint = 'free space there or point TMPDIR at a disk with more';
  return failed('cannot sort the manifest', error, { path: tmpdir(), hint });
}
