import type { Digest } from '../../digest.ts';
import { type Failure, IngotError } from '../../errors.ts';
import {
  addAheadCost,
  noAheadCost,
  type ReadAheadReport,
  readAheadReport,
} from '../../read-ahead/cost.ts';
import type { OnRefused } from '../seam/read.ts';
import type { DamagedObject, UnreadableObject, Verifier, VerifyBatch } from '../seam/upkeep.ts';
import { ShownVerify, type VerifyCounts, type VerifyProgress } from './verify-progress.ts';

export interface VerifyOptions {
  /**
   * The share of objects to check, above 0 up to 1, chosen at random anew in each run; at least one
   * object, if there is any. Default 1.
   */
  readonly sample?: number | undefined;
  /** Move damaged objects aside, so that a later ingest heals them. */
  readonly quarantine?: boolean | undefined;
  /** Worker threads that `runBatch` has. */
  readonly threads: number;
  /** Aborting ends the batches in flight and rejects with INGOT_INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second, and at the end. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /**
   * Count the objects ahead of the run, so that `onProgress` knows the totals. Default: where there
   * is an `onProgress`.
   */
  readonly countAhead?: boolean | undefined;
  /**
   * Called for each damaged object, with its place in quarantine if it was moved there, or with what
   * kept it from being moved.
   */
  readonly onDamaged?:
    | ((object: DamagedObject, quarantined: string | undefined, unmoved?: Failure) => void)
    | undefined;
  /** Called for each object, and each folder of objects, that could not be looked at. */
  readonly onUnreadable?: ((object: UnreadableObject) => void) | undefined;
  /** Bytes that the worker threads have read so far. Default: those of batches that have ended. */
  readonly bytesRead?: () => number;
  /** Checks a batch in a worker thread. */
  readonly runBatch: (digests: readonly Digest[]) => Promise<VerifyBatch>;
}

export interface VerifyReport {
  /** Those that a relayout moves meanwhile may be checked, and count, twice. */
  readonly checked: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly quarantined: number;
  /** Damaged objects that were to be moved to quarantine and could not be. */
  readonly unmoved: number;
  /** Objects, and folders of objects, that could not be looked at: maybe sound. */
  readonly unreadable: number;
  /** Objects removed by others between listing and checking. */
  readonly gone: number;
  /** Objects that a cut-off quarantine has left half-way: maybe sound, and not to be read. */
  readonly unsettled: number;
  readonly readAhead: ReadAheadReport;
}

/** Objects a batch: enough to hide the price of a message, few enough to share out evenly. */
const BATCH = 256;
/** Batches in flight for each thread: the next one waits there when one is done. */
const BATCHES_PER_THREAD = 2;

/**
 * Re-hashes the objects of a store, in memory that does not grow with their number. Damage is
 * reported, not thrown, and so is what cannot be looked at or moved: it must not hide the damage of
 * others. Throws an IngotError when the machine is short of something, when a flush fails, or when
 * it was interrupted.
 */
export function verifyStore(store: Verifier, options: VerifyOptions): Promise<VerifyReport> {
  return new VerifyRun(store, options).run();
}

class VerifyRun {
  readonly #store: Verifier;
  readonly #options: VerifyOptions;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #large: Digest[] = [];
  readonly #report = {
    checked: 0,
    bytes: 0,
    damaged: 0,
    quarantined: 0,
    unmoved: 0,
    unreadable: 0,
    gone: 0,
  };
  /** Damaged ones: beside a relayout an object may be listed and checked twice. */
  readonly #reported = new Set<Digest>();
  readonly #reads = noAheadCost();
  #found = 0;
  #listing = true;
  #failure: { readonly error: unknown } | undefined;

  constructor(store: Verifier, options: VerifyOptions) {
    this.#store = store;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    const progress =
      this.#options.onProgress && new ShownVerify(this.#store, this.#options, () => this.#counts());
    try {
      await this.#checkListed();
      while (this.#large.length > 0 || this.#inFlight.size > 0) {
        await this.#startLarge();
        if (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
        this.#stopIfAsked();
      }
    } finally {
      await Promise.all(this.#inFlight);
      await progress?.end();
    }
    this.#stopIfAsked();
    progress?.show();
    const unsettled = this.#store.countUnsettled(this.#refuse);
    return { ...this.#report, unsettled, readAhead: readAheadReport(this.#reads) };
  }

  async #checkListed(): Promise<void> {
    const { sample = 1 } = this.#options;
    let batch: Digest[] = [];
    let spare: Digest | undefined;
    let passed = 0;
    for await (const page of this.#store.list({ onRefused: this.#refuse })) {
      // A sample may pass over all that is listed, without a batch to wait for.
      this.#stopIfAsked();
      for (const digest of page) {
        if (sample < 1 && Math.random() >= sample) {
          // Any of those passed over, each as likely as the others.
          if (this.#found === 0 && Math.random() * ++passed < 1) spare = digest;
          continue;
        }
        this.#found++;
        batch.push(digest);
        if (batch.length < BATCH) continue;
        await this.#start(batch);
        // Large ones met so far go first: the list of them stays short.
        await this.#startLarge();
        batch = [];
      }
    }
    // A small share of few objects may be none at all: then one is checked.
    if (this.#found === 0 && spare !== undefined) this.#found = batch.push(spare);
    this.#listing = false;
    if (batch.length > 0) await this.#start(batch);
  }

  async #startLarge(): Promise<void> {
    for (let next = this.#large.pop(); next !== undefined; next = this.#large.pop())
      await this.#start([next]);
  }

  /** Waits until there is room, then lets a batch run. */
  async #start(batch: readonly Digest[]): Promise<void> {
    while (this.#inFlight.size >= this.#options.threads * BATCHES_PER_THREAD)
      await Promise.race(this.#inFlight);
    this.#stopIfAsked();
    const task: Promise<void> = this.#check(batch)
      .catch((error: unknown) => {
        if (error !== this.#options.signal?.reason) this.#failure ??= { error };
      })
      .finally(() => this.#inFlight.delete(task));
    this.#inFlight.add(task);
  }

  async #check(batch: readonly Digest[]): Promise<void> {
    const result = await this.#options.runBatch(batch);
    this.#report.checked += result.checked;
    this.#report.bytes += result.bytes;
    this.#report.gone += result.gone;
    this.#large.push(...result.large);
    if (result.reads !== undefined) addAheadCost(this.#reads, result.reads);
    for (const object of result.damaged) await this.#reportDamage(object);
    for (const object of result.unreadable) this.#reportUnreadable(object);
  }

  #counts(): VerifyCounts {
    const { checked, damaged, unreadable, gone } = this.#report;
    const bytes = this.#options.bytesRead?.() ?? this.#report.bytes;
    const listed = { found: this.#found, listing: this.#listing };
    return { ...listed, checked, bytes, damaged, unreadable, gone };
  }

  async #reportDamage(object: DamagedObject): Promise<void> {
    const isNew = !this.#reported.has(object.digest);
    this.#reported.add(object.digest);
    if (isNew) this.#report.damaged++;
    // Not moved when it was no longer there: a relayout has moved it, and it is met again.
    const { quarantine, signal } = this.#options;
    const { moved, unmoved } = quarantine ? await this.#store.quarantine(object, signal) : {};
    if (moved !== undefined) this.#report.quarantined++;
    if (unmoved !== undefined && isNew) this.#report.unmoved++;
    if (isNew || moved !== undefined) this.#options.onDamaged?.(object, moved, unmoved);
  }

  /** Beside a relayout one may be reported, and count, twice: to know it would take memory for each. */
  #reportUnreadable(object: UnreadableObject): void {
    this.#report.unreadable++;
    this.#options.onUnreadable?.(object);
  }

  /** Of a folder of objects. */
  readonly #refuse: OnRefused = (path, error) =>
    this.#reportUnreadable({ digest: undefined, path, failure: error.toFailure() });

  #stopIfAsked(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#options.signal?.aborted)
      throw new IngotError({
        what: 'verify was interrupted',
        code: 'INGOT_INTERRUPTED',
        why: `${this.#report.checked} objects were checked, the rest was not`,
      });
  }
}
