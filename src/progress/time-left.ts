/** What has been worked on so far. */
export interface WorkDone {
  readonly entries: number;
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** Recent time counts more: older time loses its weight with this share of all time as half-life. */
const MEMORY_SHARE = 0.5;
/** A shorter memory would follow the pauses of barriers. */
const MIN_MEMORY_MS = 2_000;
/** A speed from less time than this says nothing. */
const ENOUGH_MS = 250;

/**
 * The speed of work, in which an entry weighs as much as a number of bytes. One speed, not one for
 * entries and one for bytes: small files come first and large ones last, or the other way round, and
 * a speed that was not seen yet could only be guessed. How much an entry weighs differs little from
 * machine to machine, since a slow one is slow at both.
 */
export class TimeLeft {
  readonly #entryWeight: number;
  #last: { readonly work: number; readonly elapsedMs: number } | undefined;
  #work = 0;
  #ms = 0;

  /** `entryWeight`: the bytes that take as long as an entry does, itself without any. */
  constructor(entryWeight: number) {
    this.#entryWeight = entryWeight;
  }

  /** Counts and time only grow. */
  add({ entries, bytes, elapsedMs }: WorkDone): void {
    const work = this.#workOf(entries, bytes);
    // What came before the first work was the start: threads, the store, the first names.
    if (work === 0) return;
    const last = this.#last;
    this.#last = { work, elapsedMs };
    if (last === undefined) return;
    const ms = elapsedMs - last.elapsedMs;
    const kept = Math.exp(-ms / Math.max(MIN_MEMORY_MS, MEMORY_SHARE * elapsedMs));
    this.#work = this.#work * kept + (work - last.work);
    this.#ms = this.#ms * kept + ms;
  }

  /** Seconds for what is left; undefined while no speed is known. */
  seconds(entriesLeft: number, bytesLeft: number): number | undefined {
    const left = this.#workOf(Math.max(0, entriesLeft), Math.max(0, bytesLeft));
    if (left === 0) return 0;
    if (this.#ms < ENOUGH_MS || this.#work <= 0) return undefined;
    return (left * this.#ms) / this.#work / 1000;
  }

  #workOf(entries: number, bytes: number): number {
    return entries * this.#entryWeight + bytes;
  }
}
