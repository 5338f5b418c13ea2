import { type Estimate, Estimator, type Totals } from '../../progress/estimate.ts';
import { ProgressClock } from '../../progress/progress-clock.ts';
import type { StoreTotals, Verifier } from '../seam/upkeep.ts';
import type { VerifyOptions } from './verify-run.ts';

/** What a verify counts. Counts only grow. */
export interface VerifyCounts {
  /** Objects to check so far; final once `listing` is false. */
  readonly found: number;
  readonly listing: boolean;
  readonly checked: number;
  /** Read so far, also of objects that are not checked to their end. */
  readonly bytes: number;
  readonly damaged: number;
  readonly unreadable: number;
  /** Objects removed by others between listing and checking. */
  readonly gone: number;
}

/** Where a verify stands, and what follows from it. */
export interface VerifyProgress extends VerifyCounts, Estimate {
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
}

/** Bytes that take as long as an object without any: some 7 µs of two workers. */
const ENTRY_WEIGHT = 16 << 10;

type Options = Pick<VerifyOptions, 'sample' | 'countAhead' | 'onProgress'>;

/** Shows where a verify stands. */
export class ShownVerify {
  readonly #options: Options;
  readonly #counts: () => VerifyCounts;
  readonly #estimator = new Estimator(ENTRY_WEIGHT);
  readonly #clock: ProgressClock<StoreTotals>;
  readonly #begun = performance.now();

  constructor(store: Pick<Verifier, 'count'>, options: Options, counts: () => VerifyCounts) {
    this.#options = options;
    this.#counts = counts;
    const count = (signal: AbortSignal) => store.count(signal);
    this.#clock = new ProgressClock(
      () => this.show(),
      (options.countAhead ?? true) ? count : undefined,
    );
  }

  /** Ends the regular calls; resolves when nothing is counted any more. */
  end(): Promise<void> {
    return this.#clock.end();
  }

  show(): void {
    const counts = this.#counts();
    const elapsedMs = performance.now() - this.#begun;
    const estimate = this.#estimator.add({
      done: counts.checked + counts.unreadable + counts.gone,
      bytes: counts.bytes,
      totals: this.#totals(counts),
      elapsedMs,
    });
    this.#options.onProgress?.({ ...counts, elapsedMs, ...estimate });
  }

  #totals({ found, listing, bytes: read }: VerifyCounts): Totals | undefined {
    const { isCounting, counted } = this.#clock;
    if (isCounting || (listing && counted === undefined)) return undefined;
    const { sample = 1 } = this.#options;
    const { objects = 0, bytes = 0 } = counted ?? {};
    return {
      count: listing ? Math.max(objects * sample, found) : found,
      bytes: Math.max(bytes * sample, read),
      isFinal: !listing,
    };
  }
}
