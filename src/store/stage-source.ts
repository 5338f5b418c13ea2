/** Reads and stages what is put, in turns: the half of a put that comes before its flush. */
import fs from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import { type Digest, DigestStream, digestOf } from '../digest.ts';
import { failed, IngotError } from '../errors.ts';
import { openFifo } from '../files/fifo.ts';
import { READ_ATTEMPTS, type ReadContent, Readings } from '../sources/readings.ts';
import { Lender } from './lender.ts';
import type { PutSource } from './put-source.ts';
import { copiesOf, readAlready } from './put-stream.ts';
import { SourceReading } from './read-source.ts';
import type { Group, StreamStage } from './seam/write.ts';
import { isShared, joined, writeAndHash } from './stage-bytes.ts';

/** Contents up to this many bytes are held in memory, so that a duplicate writes nothing. */
const IN_MEMORY = 1 << 20;

/**
 * Files that are read at once, each into a buffer of its own; others wait. More would be read no
 * faster by the few threads that libuv has.
 */
const MAX_READ = 8;

/** More contents than this that wait for one flush make it no cheaper for each. */
const MAX_STAGED = 128;

/** What is staged in the group of a put. */
export interface Staged {
  readonly group: Group;
  readonly digest: Digest;
  readonly size: number;
  /** The store has it, and nothing is staged. */
  readonly isKnown: boolean;
  /** To be called when the group has ended. */
  readonly ended: () => void;
}

/** How the chunks of a content are staged. */
interface Staging {
  /** True when the source has holes, asked once it gave more than fits into memory. */
  readonly hasHoles?: () => boolean;
  /** Waits for the right to have a temp open, and gives what ends that right. */
  readonly takePlace: () => Promise<() => void>;
  readonly signal: AbortSignal | undefined;
  /** Throws when what was read may not be stored: then nothing stays staged. */
  readonly check: (content: ReadContent) => void;
}

type BeforeLook = (
  digest: Digest,
  signal: AbortSignal | undefined,
) => Promise<void> | void | undefined;

/** Thrown inside a put of a file that changed while it was read. */
class ReadAgain extends Error {}

/**
 * So that neither memory nor open files grow with the number of puts, files and bytes take turns.
 * Streams do not while they are read: one may wait for another's end.
 */
export class SourceStager {
  readonly #openGroup: () => Group;
  readonly #buffers = new Lender(MAX_READ, () => Buffer.allocUnsafeSlow(IN_MEMORY));
  /** For temps that are open, with nothing to lend but the right to be one of them. */
  readonly #places: Lender<void>;
  /** Those that a put reads or has read. */
  readonly #streams = new WeakSet<Readable>();

  readonly #beforeLook: BeforeLook;

  /**
   * `openGroup` makes a group for one put; `maxStaged` puts may have something staged at once.
   * `beforeLook` sees to it that what is found stays.
   */
  constructor(openGroup: () => Group, maxStaged: number, beforeLook: BeforeLook = () => {}) {
    this.#beforeLook = beforeLook;
    this.#openGroup = openGroup;
    this.#places = new Lender(Math.min(MAX_STAGED, maxStaged), () => {});
  }

  /** The caller commits the group, then calls `ended`. */
  stage(source: PutSource, signal: AbortSignal | undefined): Promise<Staged> {
    if (typeof source === 'string') return this.#stageFile(source, signal);
    if (isUint8Array(source))
      return this.#stageBytes(isShared(source) ? Buffer.from(source) : source, signal);
    if (source.readableDidRead || source.destroyed || this.#streams.has(source))
      throw readAlready();
    this.#streams.add(source);
    return this.#stageStream(source, signal);
  }

  #stageStream(stream: Readable, signal: AbortSignal | undefined): Promise<Staged> {
    // A stream may give nothing for long: only its own end wakes the one who waits for it.
    const given = signal === undefined ? stream : addAbortSignal(signal, stream);
    const takePlace = async () => () => {};
    return this.#stageChunks(copiesOf(given), { takePlace, signal, check: () => {} });
  }

  async #stageFile(path: string, signal: AbortSignal | undefined): Promise<Staged> {
    const reading = (error: unknown) => failed('cannot read the source', error, { path });
    try {
      if (fs.statSync(path).isFIFO()) return this.#stageStream(await openFifo(path), signal);
    } catch (error) {
      throw reading(error);
    }
    const buffer = await this.#buffers.borrow(signal);
    try {
      return await this.#stageInReadings(path, buffer, signal);
    } finally {
      this.#buffers.giveBack(buffer);
    }
  }

  async #stageInReadings(
    path: string,
    buffer: Buffer,
    signal: AbortSignal | undefined,
  ): Promise<Staged> {
    const takePlace = () => this.#takePlace(signal);
    const readings = new Readings();
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const reading = new SourceReading(path);
      const check = (content: ReadContent) => {
        if (!reading.mayStore(content, readings)) throw new ReadAgain();
      };
      try {
        const chunks = reading.chunks(buffer, signal);
        const hasHoles = () => reading.hasHoles;
        return await this.#stageChunks(chunks, { takePlace, signal, check, hasHoles });
      } catch (error) {
        if (!(error instanceof ReadAgain)) throw error;
      }
    }
    throw changed(path);
  }

  async #stageChunks(
    chunks: AsyncIterable<Uint8Array>,
    { takePlace, signal, check, hasHoles }: Staging,
  ): Promise<Staged> {
    const group = this.#openGroup();
    const hash = new DigestStream();
    const waiting: Uint8Array[] = [];
    let size = 0;
    let stage: StreamStage | undefined;
    let ended = () => {};
    try {
      for await (const chunk of chunks) {
        size += chunk.length;
        waiting.push(chunk);
        if (size <= IN_MEMORY) continue;
        if (stage === undefined) {
          ended = await takePlace();
          stage = group.stageStream({ expected: size, aligned: false, sparse: hasHoles?.() });
        }
        for (const bytes of waiting.splice(0)) await writeAndHash(stage, hash, bytes);
      }
      if (stage === undefined) return await this.#stageBytes(joined(waiting, size), signal, check);
      const digest = hash.digest();
      check({ digest, size });
      await this.#beforeLook(digest, signal);
      const staged = stage;
      stage = undefined;
      return this.#keep({ group, digest, size, ended }, staged);
    } catch (error) {
      stage?.drop();
      ended();
      throw error;
    }
  }

  async #stageBytes(
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
    check: Staging['check'] = () => {},
  ): Promise<Staged> {
    const ended = await this.#takePlace(signal);
    try {
      // Without a pause between, so that nobody changes the bytes meanwhile.
      const digest = digestOf(bytes);
      check({ digest, size: bytes.length });
      const group = this.#openGroup();
      const staged = this.#keep(
        { group, digest, size: bytes.length, ended },
        {
          keep: () => group.stage(digest, bytes),
          drop: () => {},
        },
      );
      if (await this.#stays(staged, signal)) return staged;
    } catch (error) {
      ended();
      throw error;
    }
    // What was found has gone, and the bytes may be others by now.
    ended();
    return this.#stageBytes(bytes, signal, check);
  }

  /** Sees to it that what was found stays. False when it had gone before. */
  async #stays({ group, digest, size, isKnown }: Staged, signal: AbortSignal | undefined) {
    try {
      await this.#beforeLook(digest, signal);
      return !isKnown || group.lookup(digest, size) === 'present';
    } catch (error) {
      group.discard();
      throw error;
    }
  }

  async #takePlace(signal: AbortSignal | undefined): Promise<() => void> {
    await this.#places.borrow(signal);
    return () => this.#places.giveBack();
  }

  /** Keeps what was written, unless the store has it. */
  #keep(content: Omit<Staged, 'isKnown'>, staged: Pick<StreamStage, 'keep' | 'drop'>): Staged {
    const { group, digest, size } = content;
    let isKnown: boolean;
    try {
      isKnown = group.lookup(digest, size) === 'present';
    } catch (error) {
      staged.drop();
      throw error;
    }
    if (isKnown) staged.drop();
    else staged.keep(digest, size, undefined);
    return { ...content, isKnown };
  }
}

function changed(path: string): IngotError {
  return new IngotError({
    what: 'cannot store a file that changes while it is read',
    code: 'INGOT_CHANGED',
    path,
    why: `it changed during each of ${READ_ATTEMPTS} readings`,
    hint: 'put it again when nothing writes to it',
  });
}
