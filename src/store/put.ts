import type { Digest } from '../digest.ts';
import type { Durability } from './choices.ts';
import type { PutSource } from './put-source.ts';
import type { Engine } from './seam/engine.ts';
import type { MainHalf } from './seam/write.ts';
import { SourceStager } from './stage-source.ts';

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

/**
 * Stores contents one by one, each in a group of its own, durable at its commit, and pinned. Many at
 * once share their flushes.
 */
export class Putter {
  readonly #main: MainHalf;
  readonly #stager: SourceStager;

  private constructor(main: MainHalf) {
    this.#main = main;
    this.#stager = new SourceStager(
      () => main.openGroup('objects'),
      main.maxStaged,
      (digest, signal) => main.pin?.(digest, signal),
    );
  }

  /** What the user should know of the place. */
  get notices(): readonly string[] {
    return this.#main.opened.notices;
  }

  /** Takes a writer, after sweeping what dead ones left. Throws an IngotError. */
  static async open(engine: Engine, durability: Durability): Promise<Putter> {
    const main = await engine.openWriter({
      durability,
      barrier: 'auto',
      verifyHits: false,
      dryRun: false,
      groups: 0,
    });
    try {
      return new Putter(main);
    } catch (error) {
      await main.end('failed');
      throw error;
    }
  }

  /** Gives up the writer, and never rejects: each put has said for itself how it went. */
  async close(): Promise<void> {
    await this.#main.end('failed');
  }

  async put(source: PutSource, { signal }: PutOptions = {}): Promise<PutResult> {
    signal?.throwIfAborted();
    const { group, digest, size, isKnown, ended } = await this.#stager.stage(source, signal);
    try {
      await group.commit();
    } finally {
      ended();
    }
    await this.#main.flushPins?.();
    const { there, repaired } = group.settled;
    const outcome = isKnown || there.includes(digest) ? 'duplicate' : 'new';
    return { digest, size, outcome, repaired: repaired.includes(digest) };
  }
}
