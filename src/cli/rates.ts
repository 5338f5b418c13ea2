import type { Progress } from '../ingest/api.ts';

/** The state of a run; without bytes where it does not count any. */
export type ShownProgress = Omit<Progress, Bytes> & Partial<Pick<Progress, Bytes>>;
type Bytes = 'bytesRead' | 'bytesWaiting';

/** How fast a run goes and how long it may still take. */
export interface Estimate {
  /** Undefined until enough was seen. */
  readonly entriesPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Seconds until what is known now is done; undefined when that cannot be known. */
  readonly secondsLeft: number | undefined;
  /** More may still be found: the estimate is a lower bound. */
  readonly growing: boolean;
}

/** Long enough to even out a mix of sizes, short enough to follow a change of it. */
const WINDOW_MS = 12_000;
/** A rate from less time than this says nothing. */
const ENOUGH_MS = 1_000;
/** Samples closer together than this replace each other: at most 60 are kept. */
const SPACING_MS = 200;

/**
 * Rates over a recent window, and the time left from them. Entries and bytes have a rate each:
 * small files cost by the entry, large ones by the byte, and both kinds go on side by side, so the
 * slower of the two decides.
 */
export class Rates {
  readonly #samples: ShownProgress[] = [];

  /** Takes the state of a run; counts and time only grow. */
  add(sample: ShownProgress): void {
    const samples = this.#samples;
    const before = samples.at(-2);
    if (before !== undefined && sample.elapsedMs - before.elapsedMs < SPACING_MS) samples.pop();
    samples.push(sample);
    while (samples.length > 2 && sample.elapsedMs - samples[1]!.elapsedMs >= WINDOW_MS)
      samples.shift();
  }

  estimate(): Estimate {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const growing = last?.walking ?? true;
    const spanMs = first === undefined || last === undefined ? 0 : last.elapsedMs - first.elapsedMs;
    if (first === undefined || last === undefined || spanMs < ENOUGH_MS)
      return {
        entriesPerSecond: undefined,
        bytesPerSecond: undefined,
        secondsLeft: undefined,
        growing,
      };
    const entriesPerSecond = rate(last.entriesDone - first.entriesDone, spanMs);
    const { bytesRead = 0, bytesWaiting = 0 } = last;
    const bytesPerSecond = rate(bytesRead - (first.bytesRead ?? 0), spanMs);
    const forEntries = timeFor(last.entriesFound - last.entriesDone, entriesPerSecond);
    const forBytes = timeFor(bytesWaiting, bytesPerSecond);
    return {
      entriesPerSecond,
      bytesPerSecond,
      secondsLeft: slower(forEntries, forBytes, bytesWaiting),
      growing,
    };
  }
}

function rate(amount: number, spanMs: number): number {
  return (Math.max(0, amount) * 1000) / spanMs;
}

/** Undefined when something is left and nothing moves. */
function timeFor(left: number, perSecond: number): number | undefined {
  if (left <= 0) return 0;
  return perSecond > 0 ? left / perSecond : undefined;
}

function slower(
  forEntries: number | undefined,
  forBytes: number | undefined,
  bytesWaiting: number,
): number | undefined {
  if (forBytes === undefined) return undefined;
  // No entry ends while one large file is read: its bytes give the time.
  if (forEntries === undefined) return bytesWaiting > 0 ? forBytes : undefined;
  return Math.max(forEntries, forBytes);
}
