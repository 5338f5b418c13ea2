/** Reads a large file once, from its start to its end, and hashes it on the way. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { DigestStream } from '../../digest.ts';
import { errnoOf } from '../../errors.ts';
import { alignedBuffer } from '../../native/aligned-buffer.ts';
import { type AnyDescriptor, numberOf } from '../../native/descriptor.ts';
import type { Libc } from '../../native/libc.ts';
import { uninterruptedLater } from '../../native/uninterrupted.ts';
import { BytesAhead } from '../../read-ahead/bytes-ahead.ts';
import type { ReadContent } from '../../sources/readings.ts';
import type { StreamStage } from '../../store/seam/write.ts';
import type { CostMeter } from '../task-cost.ts';

/** Large enough that a call's overhead vanishes, small enough to stay in the processor's cache. */
const CHUNK_BYTES = 1 << 20;
const SAMPLE_BYTES = 16 << 10;

export interface ReadContext {
  readonly meter: CostMeter;
  readonly libc: Libc | undefined;
  /** How much of a file is asked for ahead where its reads wait; 0 for nothing. */
  readonly aheadBytes: number;
  /** True when the run ends early. */
  stopped(): boolean;
  /** Called with the size of each chunk, for the progress. */
  onRead(bytes: number): void;
}

/** Thrown inside a run that ends early; the entry is given back. */
export class Stopped extends Error {}

/** Marks an error as the source's: the store's errors fail the run, these only the entry. */
export class SourceError extends Error {}

const read = promisify(fs.read) as typeof fs.read.__promisify__;

/**
 * Hashes a file that was just opened to its end and hands each chunk to `stage` as well. The next
 * chunk is read, and this one written, on libuv's threads while this thread hashes. Undefined when
 * it ended early because the file `grows`.
 */
export async function hashFile(
  fd: AnyDescriptor,
  grows: (size: number) => boolean,
  { meter, libc, aheadBytes, stopped, onRead }: ReadContext,
  stage?: StreamStage,
): Promise<ReadContent | undefined> {
  const stream = new DigestStream();
  const ahead = new BytesAhead(aheadBytes, (from, bytes) =>
    libc?.files.willNeed?.(fd, from, bytes),
  );
  let current = alignedBuffer(CHUNK_BYTES, libc);
  let next = alignedBuffer(CHUNK_BYTES, libc);
  let size = 0;
  let isWhole = false;
  let pending = begin(fd, current);
  let hashed = performance.now();
  try {
    for (;;) {
      const begun = performance.now();
      const n = await pending;
      const arrived = performance.now();
      meter.readMs += arrived - begun;
      isWhole = n === 0;
      if (isWhole) break;
      size += n;
      ahead.wasRead(size, arrived - hashed);
      pending = begin(fd, next);
      const chunk = current.subarray(0, n);
      const written = stage?.write(chunk);
      stream.update(chunk);
      hashed = performance.now();
      meter.hashMs += hashed - arrived;
      await written;
      meter.writeMs += performance.now() - hashed;
      onRead(n);
      if (stopped()) throw new Stopped();
      if (grows(size)) break;
      [current, next] = [next, current];
    }
  } finally {
    // The descriptor and the buffers belong to a read in flight until it has ended.
    await pending.catch(() => {});
  }
  meter.bytesRead += size;
  return isWhole ? { digest: stream.digest(), size } : undefined;
}

/**
 * A fingerprint of the first, middle and last bytes: enough to expect a duplicate, no proof.
 * Undefined where they cannot be had: some files have no positions (ESPIPE), some claim bytes that
 * they do not have. Whoever reads such a file from its start to its end learns whether that fails.
 */
export async function sampleOf(fd: AnyDescriptor, size: number): Promise<string | undefined> {
  const hashed = createHash('sha256');
  const buffer = Buffer.allocUnsafe(SAMPLE_BYTES);
  for (const at of [0, Math.floor(size / 2), Math.max(0, size - SAMPLE_BYTES)]) {
    if (at > Number.MAX_SAFE_INTEGER) return undefined;
    try {
      hashed.update(buffer.subarray(0, await readAt(fd, buffer, at)));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }
  return hashed.digest('hex').slice(0, 32);
}

/** read(2) goes on where the last one ended, which null stands for; pread(2) needs positions. */
async function readAt(fd: AnyDescriptor, buffer: Buffer, position: number | null): Promise<number> {
  const reading = () => read(numberOf(fd), buffer, 0, buffer.length, position);
  return (await uninterruptedLater(reading)).bytesRead;
}

/** A read that may fail before anybody waits for it: Node ends a thread over such a rejection. */
function begin(fd: AnyDescriptor, buffer: Buffer): Promise<number> {
  const pending = readAt(fd, buffer, null).catch((cause: unknown) => {
    throw new SourceError('cannot read a source', { cause });
  });
  pending.catch(() => {});
  return pending;
}
