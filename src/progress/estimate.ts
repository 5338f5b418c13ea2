/** What the counts of a run say about its end: the same for people, machines and callers. */
import { Rates, type Speed } from './rates.ts';
import { TimeLeft } from './time-left.ts';

/** What a whole run has to do. */
export interface Totals {
  /** Entries or objects. */
  readonly count: number;
  readonly bytes: number;
  /** `count` is exact: no more will be found. */
  readonly isFinal: boolean;
}

/** Where a run stands. Counts only grow. */
export interface Counts {
  /** Entries or objects that have come to their end. */
  readonly done: number;
  /** The same, and those that were read and wait to be durable. Default `done`. */
  readonly read?: number;
  /** Bytes that were read; undefined for a run that reads none. */
  readonly bytes?: number;
  /** Of the whole run; undefined until they are known. They may still be corrected. */
  readonly totals: Totals | undefined;
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
}

/** What follows from the counts. Each is undefined until it is known. */
export interface Estimate extends Speed {
  /** Entries or objects of the whole run. It may still be corrected where they change meanwhile. */
  readonly total: number | undefined;
  /** Bytes of the whole run; sizes of many small files of a kind are estimated. */
  readonly totalBytes: number | undefined;
  /**
   * How much of the whole run is done, from 0 to 1: the smaller of the shares of entries and of
   * bytes. It never goes back, and is 1 only when all entries have come to their end.
   */
  readonly fractionDone: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** A share that is less than all, however little is missing. */
const ALMOST_ALL = 0.999;

export class Estimator {
  readonly #rates = new Rates();
  readonly #timeLeft: TimeLeft;
  #fraction: number | undefined;

  /** `entryWeight`: the bytes that take as long to read as an entry takes without its bytes. */
  constructor(entryWeight: number) {
    this.#timeLeft = new TimeLeft(entryWeight);
  }

  /** Takes the counts of a moment, a few times a second. */
  add(counts: Counts): Estimate {
    const { done, bytes = 0, totals, elapsedMs } = counts;
    const read = Math.max(done, counts.read ?? done);
    this.#rates.add(counts);
    this.#timeLeft.add({ entries: read, bytes, elapsedMs });
    if (totals === undefined) return { ...UNKNOWN, ...this.#rates.speed };
    const isDone = totals.isFinal && done >= totals.count;
    const total = Math.max(totals.count, done);
    const totalBytes = Math.max(totals.bytes, bytes);
    const fraction = isDone
      ? 1
      : Math.min(share(done, total), share(bytes, totalBytes), ALMOST_ALL);
    this.#fraction = Math.max(this.#fraction ?? 0, fraction);
    // What was read is not durable yet: half of its time has passed.
    const left = total - (read + done) / 2;
    return {
      ...this.#rates.speed,
      total,
      totalBytes: counts.bytes === undefined ? undefined : totalBytes,
      fractionDone: this.#fraction,
      secondsLeft: isDone ? 0 : this.#timeLeft.seconds(left, totalBytes - bytes),
    };
  }
}

const UNKNOWN = {
  total: undefined,
  totalBytes: undefined,
  fractionDone: undefined,
  secondsLeft: undefined,
};

function share(done: number, total: number): number {
  return total === 0 ? 1 : done / total;
}
