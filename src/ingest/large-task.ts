/**
 * Ingests one large file in one pass: read, hash and write overlap, two buffers in turn. Where the
 * store can share blocks with the source nothing is copied. A content that the store very likely
 * holds already (same size, same sample) is hashed before anything is written.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '../errors.ts';
import type { StatusReader } from '../native/file-status.ts';
import { type Digest, DigestStream } from '../store/digest.ts';
import type { CloneStage, Group, StreamStage } from '../store/seam.ts';
import type { Claims } from './claims.ts';
import {
  changedRefusal,
  isUnchanged,
  kindOf,
  openSource,
  READ_ATTEMPTS,
  type Refusal,
  refusalOf,
} from './source-file.ts';
import type { CostMeter } from './task-cost.ts';

/** Large enough that a call's overhead vanishes, small enough to stay in the processor's cache. */
const CHUNK_BYTES = 1 << 20;
const SAMPLE_BYTES = 16 << 10;

export interface LargeContent {
  readonly outcome: 'new' | 'duplicate';
  readonly digest: Digest;
  readonly size: number;
  /** The other task whose claim a duplicate relies on; else 0. */
  readonly owner: number;
}

export interface LargeContext {
  readonly claims: Claims;
  readonly group: Group;
  readonly meter: CostMeter;
  readonly status: StatusReader;
  /** The number of the task, which owns its claims. */
  readonly task: number;
  /** True when the run ends early. */
  stopped(): boolean;
  /** Told of each chunk, for the progress. */
  onRead(bytes: number): void;
}

/** Thrown inside a run that ends early; the entry is given back. */
export class Stopped extends Error {}

const read = promisify(fs.read) as typeof fs.read.__promisify__;

/** Stages a large file. Throws when the store or the machine fails; the caller commits. */
export async function ingestLarge(
  path: string,
  context: LargeContext,
): Promise<LargeContent | Refusal> {
  let fd: number;
  try {
    fd = openSource(path);
  } catch (error) {
    return refuse(error, path);
  }
  try {
    return await ingestOpen(fd, path, context);
  } catch (error) {
    if (error instanceof SourceError) return refuse(error.cause, path);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

function refuse(error: unknown, path: string): Refusal {
  const refusal = refusalOf(error, path);
  if (refusal === undefined) throw error;
  return refusal;
}

/** Marks an error as the source's: the store's errors fail the run, these only the entry. */
class SourceError extends Error {}

async function ingestOpen(
  fd: number,
  path: string,
  context: LargeContext,
): Promise<LargeContent | Refusal> {
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    const before = context.status.ofOpen(fd);
    const kind = kindOf(before);
    if (kind !== undefined) return { outcome: 'unsupported', kind };
    const unchanged = () => isUnchanged(before, context.status.ofOpen(fd));
    const content =
      (await clone(fd, before.device, unchanged, context)) ??
      (await copy(fd, before.size, unchanged, context));
    if (content !== 'changed') return content;
  }
  return changedRefusal(path);
}

/** Shares the source's blocks, then hashes what was taken over. */
async function clone(
  fd: number,
  device: number,
  unchanged: () => boolean,
  context: LargeContext,
): Promise<LargeContent | 'changed' | undefined> {
  const stage = context.group.stageClone(fd, device);
  if (stage === undefined) return undefined;
  return await settle(stage, unchanged, context, async () => {
    const sample = await sampleOf(stage.fd, context.status.ofOpen(stage.fd).size);
    return { sample, ...(await hash(stage.fd, () => false, context)) };
  });
}

async function copy(
  fd: number,
  expected: number,
  unchanged: () => boolean,
  context: LargeContext,
): Promise<LargeContent | 'changed'> {
  const { group, claims, task } = context;
  const sample = await sampleOf(fd, expected);
  // One that others write to as fast as it is read would never end.
  const grows = (size: number) => size > expected && !unchanged();
  if (group.knowsLarge(expected, sample)) {
    const { digest, size } = await hash(fd, grows, context);
    if (!unchanged()) return 'changed';
    if (claims.owner(digest) !== 0 || group.lookup(digest, size) === 'present')
      return {
        outcome: 'duplicate',
        digest,
        size,
        owner: foreign(claims.claim(digest, task), task),
      };
  }
  const stage = group.stageStream(expected);
  return await settle(stage, unchanged, context, async () => ({
    sample,
    ...(await hash(fd, grows, context, stage)),
  }));
}

/** Keeps what was staged when its content is new and did not change; drops it otherwise. */
async function settle(
  stage: StreamStage | CloneStage,
  unchanged: () => boolean,
  { group, claims, task }: LargeContext,
  stageAndHash: () => Promise<{ digest: Digest; size: number; sample: string }>,
): Promise<LargeContent | 'changed'> {
  let ended = false;
  try {
    const { digest, size, sample } = await stageAndHash();
    if (!unchanged()) return 'changed';
    const owner = claims.claim(digest, task);
    if (owner !== 0 || group.lookup(digest, size) === 'present')
      return { outcome: 'duplicate', digest, size, owner: foreign(owner, task) };
    ended = true;
    stage.keep(digest, size, sample);
    return { outcome: 'new', digest, size, owner: 0 };
  } finally {
    if (!ended) stage.drop();
  }
}

function foreign(owner: number, task: number): number {
  return owner === task ? 0 : owner;
}

/**
 * Hashes an open file from its start to its end and hands each chunk to `stage` as well. The next
 * chunk is read, and this one written, on libuv's threads while this thread hashes. Ends early
 * when the file `grows`.
 */
async function hash(
  fd: number,
  grows: (size: number) => boolean,
  { meter, stopped, onRead }: LargeContext,
  stage?: StreamStage,
): Promise<{ digest: Digest; size: number }> {
  const stream = new DigestStream();
  let current = Buffer.allocUnsafe(CHUNK_BYTES);
  let next = Buffer.allocUnsafe(CHUNK_BYTES);
  let size = 0;
  let pending = readAhead(fd, current, 0);
  try {
    for (;;) {
      const begun = performance.now();
      const n = await pending;
      const arrived = performance.now();
      meter.readMs += arrived - begun;
      if (n === 0) break;
      size += n;
      pending = readAhead(fd, next, size);
      const chunk = current.subarray(0, n);
      const written = stage?.write(chunk);
      stream.update(chunk);
      meter.hashMs += performance.now() - arrived;
      const hashed = performance.now();
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
  return { digest: stream.digest(), size };
}

/** A fingerprint of the first, middle and last bytes: enough to expect a duplicate, no proof. */
async function sampleOf(fd: number, size: number): Promise<string> {
  const hashed = createHash('sha256');
  const buffer = Buffer.allocUnsafe(SAMPLE_BYTES);
  for (const at of [0, Math.floor(size / 2), Math.max(0, size - SAMPLE_BYTES)])
    hashed.update(buffer.subarray(0, await readAt(fd, buffer, at)));
  return hashed.digest('hex').slice(0, 32);
}

/** A read that may fail before anybody waits for it: Node ends a thread over such a rejection. */
function readAhead(fd: number, buffer: Buffer, position: number): Promise<number> {
  const pending = readAt(fd, buffer, position);
  pending.catch(() => {});
  return pending;
}

async function readAt(fd: number, buffer: Buffer, position: number): Promise<number> {
  for (;;) {
    try {
      return (await read(fd, buffer, 0, buffer.length, position)).bytesRead;
    } catch (cause) {
      // libuv repeats what a signal interrupts, but not a read.
      if (errnoOf(cause) !== 'EINTR') throw new SourceError('cannot read a source', { cause });
    }
  }
}
