import { type Estimate, Estimator, type Totals } from '../../progress/estimate.ts';
import { ProgressClock } from '../../progress/progress-clock.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { Turns } from '../../turns.ts';
import type { RestoreProgress } from '../report.ts';

/** Bytes that take as long as an entry without any. */
const ENTRY_WEIGHT = 64 << 10;

/** What a restore counts. Counts only grow. */
export interface RestoreCounts {
  readonly done: number;
  readonly bytes: number;
  readonly failed: number;
}

interface Counted {
  readonly entries: number;
  readonly bytes: number;
}

/** Shows where a restore stands. */
export class ShownRestore {
  readonly #counts: () => RestoreCounts;
  readonly #onProgress: (progress: RestoreProgress) => void;
  readonly #known: Counted | undefined;
  readonly #estimator = new Estimator(ENTRY_WEIGHT);
  readonly #clock: ProgressClock<Counted>;
  readonly #begun = performance.now();

  constructor(
    snapshot: Snapshot,
    counts: () => RestoreCounts,
    onProgress: (progress: RestoreProgress) => void,
  ) {
    this.#counts = counts;
    this.#onProgress = onProgress;
    const { entries, size } = snapshot.reference.root;
    const isWhole = snapshot.entry === undefined;
    this.#known = isWhole ? { entries, bytes: size } : undefined;
    const count = (signal: AbortSignal) => countEntries(snapshot, signal);
    this.#clock = new ProgressClock(() => this.show(false), isWhole ? undefined : count);
  }

  /** Ends the regular calls; resolves when nothing is counted any more. */
  end(): Promise<void> {
    return this.#clock.end();
  }

  show(isDone: boolean): void {
    const { done, bytes, failed } = this.#counts();
    const elapsedMs = performance.now() - this.#begun;
    const counted = this.#known ?? this.#clock.counted;
    const totals: Totals | undefined = isDone
      ? { count: done, bytes, isFinal: true }
      : counted && { count: counted.entries, bytes: counted.bytes, isFinal: false };
    const estimate: Estimate = this.#estimator.add({ done, bytes, totals, elapsedMs });
    this.#onProgress({
      ...{ entriesDone: done, entriesFound: counted?.entries ?? done, bytesRead: bytes },
      ...{ walking: counted === undefined && !isDone, failed, elapsedMs },
      ...estimate,
    });
  }
}

/** Of a part of a tree nobody has said it. */
async function countEntries(snapshot: Snapshot, signal: AbortSignal): Promise<Counted> {
  const turns = new Turns({ stepsPerLook: 256, signal });
  let entries = 0;
  let bytes = 0;
  for await (const entry of snapshot.entries()) {
    entries++;
    if (entry.type === 'file') bytes += entry.size;
    if (turns.isDue()) await turns.take();
  }
  return { entries, bytes };
}
