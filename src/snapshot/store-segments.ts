/** Segments in a store, through the seam. */
import { type Digest, digestOf } from '../digest.ts';
import { codeOf, isIngotError } from '../errors.ts';
import type { ReadHalf } from '../store/seam/read.ts';
import type { Group } from '../store/seam/write.ts';
import { Turns } from '../turns.ts';
import { MAX_SEGMENT_BYTES } from './limits.ts';
import { damagedSegment } from './refusals.ts';
import type { SegmentSource, SegmentStorage } from './storage.ts';

/** Reads the segments of a store. */
export class StoredSegments implements SegmentSource {
  readonly #reader: ReadHalf<Digest>;
  readonly #turns = new Turns();

  constructor(reader: ReadHalf<Digest>) {
    this.#reader = reader;
  }

  async get(digest: Digest): Promise<Buffer> {
    const bytes = await this.#read(digest);
    // What is read whole leaves the event loop no turn.
    if (this.#turns.isDue()) await this.#turns.take();
    if (bytes !== undefined) return bytes;
    throw damagedSegment(digest, `it is longer than ${MAX_SEGMENT_BYTES} bytes`);
  }

  async #read(digest: Digest): Promise<Buffer | undefined> {
    try {
      return await this.#reader.readWhole(digest, MAX_SEGMENT_BYTES);
    } catch (error) {
      if (codeOf(error) !== 'INGOT_NOT_FOUND') throw error;
      throw damagedSegment(digest, MISSING);
    }
  }
}

const MISSING = 'it is not in the store';

/** True for what is thrown for a segment that is not there. */
export function isMissingSegment(error: unknown): boolean {
  return isIngotError(error) && error.code === 'INGOT_DAMAGED' && error.why === MISSING;
}

export interface SegmentCounts {
  /** Segments that the store had not before, or not whole, and their bytes. */
  added: number;
  addedBytes: number;
  /** Of them those that were there and damaged. */
  repaired: number;
  /** Segments that were there already. */
  there: number;
}

/**
 * Stores segments in groups. What was put is durable when `commit` has resolved, and not before. A
 * segment that is there already counts only when all of its bytes are as they have to be; a damaged
 * one makes room for a new one.
 */
export class SegmentStore extends StoredSegments implements SegmentStorage {
  readonly counts: SegmentCounts = { added: 0, addedBytes: 0, repaired: 0, there: 0 };
  readonly #reader: ReadHalf<Digest>;
  readonly #group: Group<Digest>;
  readonly #staged = new Set<Digest>();
  /** How many of those that commits found there have been read. */
  #read = 0;

  /** Both of the space `segments` of one store. */
  constructor(group: Group<Digest>, reader: ReadHalf<Digest>) {
    super(reader);
    this.#reader = reader;
    this.#group = group;
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (this.#staged.has(digest)) return digest;
    const presence = this.#group.lookup(digest, bytes.length);
    if (presence === 'present' && (await this.#isWhole(digest))) {
      this.counts.there++;
      return digest;
    }
    if (presence === 'present' || presence === 'damaged')
      this.counts.repaired += await this.#reader.remove([digest]);
    this.#group.stage(digest, bytes);
    this.#staged.add(digest);
    this.counts.added++;
    this.counts.addedBytes += bytes.length;
    if (this.#group.full) await this.commit();
    return digest;
  }

  /** Throws an IngotError, also for what another writer has stored meanwhile and is not whole. */
  async commit(): Promise<void> {
    await this.#group.commit();
    this.#staged.clear();
    for (const digest of this.#group.settled.there.slice(this.#read))
      if (!(await this.#isWhole(digest)))
        throw damagedSegment(digest, 'what is there has other bytes');
    this.#read = this.#group.settled.there.length;
  }

  /** Drops what was put and not committed. Never throws. */
  discard(): void {
    this.#group.discard();
    this.#staged.clear();
  }

  async #isWhole(digest: Digest): Promise<boolean> {
    try {
      return digestOf(await this.get(digest)) === digest;
    } catch (error) {
      if (codeOf(error) === 'INGOT_DAMAGED') return false;
      throw error;
    }
  }
}
