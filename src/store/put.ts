import fs from 'node:fs';
import { dirname } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { type Digest, DigestStream, digestOf } from '../digest.ts';
import { failed, UsageError } from '../errors.ts';
import { openFifo } from '../files/fifo.ts';
import { type FileOps, nodeFileOps } from '../files/file-ops.ts';
import { loadLibc } from '../native/libc.ts';
import type { Durability } from './choices.ts';
import { LocalMainHalf } from './local/main-half.ts';
import { objectPath, otherLayout } from './local/on-disk/layout.ts';
import { NameFlush } from './local/publish/name-flush.ts';
import { unflushedMarks } from './local/upkeep/unflushed.ts';
import { type LocalWorkerInit, openLocalWorkerHalf } from './local/worker-half.ts';
import { readSource } from './read-source.ts';
import type { Group, StreamStage, WorkerHalf } from './seam.ts';

/** The path of a file, bytes in memory, or a stream of bytes. */
export type PutSource = string | Uint8Array | Readable;

export interface PutOptions {
  /** Aborting ends a put that has not read all of its source. */
  readonly signal?: AbortSignal | undefined;
}

export interface PutResult {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** `duplicate`: the content was an object already. */
  readonly outcome: 'new' | 'duplicate';
  /** The object was there with another size, and got its good content back. */
  readonly repaired: boolean;
}

/** Contents up to this many bytes are held in memory, so that a duplicate writes nothing. */
const IN_MEMORY = 1 << 20;

/**
 * To find the temps of dead writers, the top of the store is listed. In a flat store of millions
 * that takes seconds: where the directory is larger than this (some 13,000 objects on ext4), it
 * is left to an ingest.
 */
const SWEPT_DIRECTORY_BYTES = 1 << 20;

/** Stores contents one by one, each a group of its own: stage → barrier → publish → flush names. */
export class Putter {
  readonly #main: LocalMainHalf;
  readonly #worker: WorkerHalf;
  readonly #init: LocalWorkerInit;
  readonly #names: NameFlush;
  /** Streams that a put reads or has read. */
  readonly #streams = new WeakSet<Readable>();

  private constructor(
    main: LocalMainHalf,
    init: LocalWorkerInit,
    worker: WorkerHalf,
    ops: FileOps,
  ) {
    this.#main = main;
    this.#init = init;
    this.#worker = worker;
    this.#names = new NameFlush(ops);
  }

  /** What the user should know of the place. */
  get notices(): readonly string[] {
    return this.#main.notices;
  }

  /** Takes a writer, after sweeping what dead ones left. Throws an IngotError. */
  static async open(
    root: string,
    durability: Durability,
    ops: FileOps = nodeFileOps,
  ): Promise<Putter> {
    const main = await LocalMainHalf.open(
      root,
      {
        durability,
        barrier: 'fsync',
        verifyHits: false,
        dryRun: false,
        groups: 1,
        sweepUpTo: SWEPT_DIRECTORY_BYTES,
      },
      ops,
    );
    // A put claims nothing, so it looks on the disk even if the store was empty on open.
    const init = { ...main.workerInit, wasEmpty: false };
    try {
      return new Putter(main, init, openLocalWorkerHalf(init, 0, await loadLibc(), ops), ops);
    } catch (error) {
      main.abandon();
      throw error;
    }
  }

  /** Gives up the writer. Each object was made durable by its own put. */
  close(): void {
    this.#main.abandon();
  }

  async put(source: PutSource, { signal }: PutOptions = {}): Promise<PutResult> {
    signal?.throwIfAborted();
    if (typeof source === 'string') return this.#putFile(source, signal);
    if (source instanceof Uint8Array)
      return this.#putBytes(this.#openGroup(), isShared(source) ? Buffer.from(source) : source);
    if (source.readableDidRead || source.destroyed || this.#streams.has(source))
      throw readAlready();
    this.#streams.add(source);
    return this.#putStream(source, signal);
  }

  #putStream(stream: Readable, signal: AbortSignal | undefined): Promise<PutResult> {
    // A stream may give nothing for long, and only its own end wakes the put that waits for it.
    return this.#putChunks(copies(signal === undefined ? stream : addAbortSignal(signal, stream)));
  }

  /** Hashes and stages without a pause between, so that nobody changes the bytes meanwhile. */
  async #putBytes(group: Group, bytes: Uint8Array): Promise<PutResult> {
    const digest = digestOf(bytes);
    return this.#finishPut(group, digest, bytes.length, {
      keep: () => group.stage(digest, bytes),
      drop: () => {},
    });
  }

  async #putFile(path: string, signal: AbortSignal | undefined): Promise<PutResult> {
    let file: fs.promises.FileHandle | Readable;
    try {
      const isFifo = fs.statSync(path).isFIFO();
      file = isFifo ? openFifo(path) : await fs.promises.open(path, 'r');
    } catch (error) {
      throw failed('cannot read the source', error, { path });
    }
    if (file instanceof Readable) return this.#putStream(file, signal);
    try {
      return await this.#putChunks(readSource(file, path, IN_MEMORY, signal));
    } finally {
      await file.close();
    }
  }

  async #putChunks(chunks: AsyncIterable<Uint8Array>): Promise<PutResult> {
    const group = this.#openGroup();
    const hash = new DigestStream();
    const waiting: Uint8Array[] = [];
    let size = 0;
    let stage: StreamStage | undefined;
    try {
      for await (const chunk of chunks) {
        size += chunk.length;
        waiting.push(chunk);
        if (size <= IN_MEMORY) continue;
        stage ??= group.stageStream({ expected: size, aligned: false });
        for (const bytes of waiting.splice(0)) await writeAndHash(stage, hash, bytes);
      }
      if (stage === undefined) return await this.#putBytes(group, Buffer.concat(waiting, size));
      const digest = hash.digest();
      const staged = stage;
      stage = undefined;
      return await this.#finishPut(group, digest, size, {
        keep: () => staged.keep(digest, size, undefined),
        drop: () => staged.drop(),
      });
    } finally {
      stage?.drop();
    }
  }

  async #finishPut(
    group: Group,
    digest: Digest,
    size: number,
    staged: { keep(): void; drop(): void },
  ): Promise<PutResult> {
    // Before and after: a mark may be set, or be removed with an object that is lost, meanwhile.
    const wasDoubtful = this.#mayBeUnflushed();
    const presence = group.lookup(digest, size);
    if (presence === 'present' && !wasDoubtful && !this.#mayBeUnflushed()) staged.drop();
    else {
      staged.keep();
      await group.commit();
    }
    // For a duplicate too: the rename of another writer may not be durable yet.
    if (this.#init.durability !== 'none') await this.#names.wait(this.#foldersOf(digest));
    const outcome = presence === 'present' ? 'duplicate' : 'new';
    return { digest, size, outcome, repaired: presence === 'damaged' };
  }

  /** True when `--durability none` may have stored a hit: it is then stored anew, and replaced. */
  #mayBeUnflushed(): boolean {
    const { root, durability } = this.#init;
    return durability !== 'none' && unflushedMarks(root).length > 0;
  }

  #openGroup(): Group {
    return this.#worker.openGroup((message) => this.#main.answer(message));
  }

  #foldersOf(digest: Digest): string[] {
    const { root, format } = this.#init;
    const layouts =
      format.movingFrom === undefined
        ? [format.layout]
        : [format.layout, otherLayout(format.layout)];
    return layouts.map((layout) => dirname(objectPath(root, layout, digest)));
  }
}

/** Other threads may change the bytes between hashing and writing. */
function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}

/** A stream may use its buffers anew while they are still being written. */
async function* copies(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) throw notBytes(chunk);
    yield Buffer.from(chunk);
  }
}

/** The write runs on libuv's thread pool while this thread hashes. */
async function writeAndHash(
  stage: StreamStage,
  hash: DigestStream,
  bytes: Uint8Array,
): Promise<void> {
  const written = stage.write(bytes);
  hash.update(bytes);
  await written;
}

function notBytes(chunk: unknown): UsageError {
  return new UsageError({
    what: 'cannot store a stream',
    code: 'INGOT_NOT_BYTES',
    why: `it gives ${typeof chunk}s instead of bytes`,
    hint: 'do not set an encoding on it',
  });
}

function readAlready(): UsageError {
  return new UsageError({
    what: 'cannot store a stream',
    code: 'INGOT_READ_ALREADY',
    why: 'it was read from, or destroyed, before',
    hint: 'give a stream that nobody has read from',
  });
}
