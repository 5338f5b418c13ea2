import { Estimator, type Totals } from '../../progress/estimate.ts';
import { ProgressClock } from '../../progress/progress-clock.ts';
import type { Progress } from '../api.ts';
import type { SourceTotals } from './count-ahead.ts';
import type { Pipeline } from './pipeline.ts';
import type { ReadLanes } from './read-lanes.ts';
import type { Tally } from './tally.ts';

/** Bytes that take as long as a new file without any: some 30 µs of two workers. */
const ENTRY_WEIGHT = 64 << 10;

export interface ProgressOptions {
  readonly pipeline: Pipeline;
  readonly tally: Tally;
  readonly lanes: ReadLanes;
  /** `performance.now()` when the run began. */
  readonly begun: number;
  readonly onProgress: (progress: Progress) => void;
  /** Undefined where nothing is counted ahead. */
  readonly count: ((signal: AbortSignal) => Promise<SourceTotals>) | undefined;
}

/** Where an ingest stands, from its first entries to its end. */
export class RunProgress {
  readonly #options: ProgressOptions;
  readonly #estimator = new Estimator(ENTRY_WEIGHT);
  readonly #clock: ProgressClock<SourceTotals>;
  #walking = true;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#clock = new ProgressClock(() => this.show(), options.count);
  }

  walkEnded(): void {
    this.#walking = false;
  }

  /** Ends the regular calls; resolves when nothing is counted any more. */
  end(): Promise<void> {
    return this.#clock.end();
  }

  show(): void {
    const { pipeline, tally, lanes, begun, onProgress } = this.#options;
    const counts = {
      entriesFound: pipeline.entriesFound,
      entriesDone: tally.entriesDone,
      bytesRead: lanes.bytes,
      bytesWaiting: Math.max(0, pipeline.largeBytes - lanes.largeBytes),
      walking: this.#walking,
      elapsedMs: performance.now() - begun,
    };
    const estimate = this.#estimator.add({
      done: counts.entriesDone,
      read: lanes.entries,
      bytes: counts.bytesRead,
      totals: this.#totals(counts),
      elapsedMs: counts.elapsedMs,
    });
    onProgress({ ...counts, ...estimate });
  }

  #totals({ entriesFound, bytesRead, bytesWaiting, walking }: Found): Totals | undefined {
    const { isCounting, counted } = this.#clock;
    if (isCounting || (walking && counted === undefined)) return undefined;
    const { entries = 0, bytes = 0 } = counted ?? {};
    return {
      // What the walk has found by its end is right, also where the tree has changed since.
      count: walking ? Math.max(entries, entriesFound) : entriesFound,
      bytes: Math.max(bytes, bytesRead + bytesWaiting),
      isFinal: !walking,
    };
  }
}

type Found = Pick<Progress, 'entriesFound' | 'bytesRead' | 'bytesWaiting' | 'walking'>;
