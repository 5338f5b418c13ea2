/** The time that probes may take. Each probe has a part of it, not a number of rounds. */
export class Budget {
  readonly totalMs: number;
  readonly #now: () => number;
  readonly #endMs: number;

  /** `now` gives milliseconds from any fixed moment. */
  constructor(totalMs: number, now: () => number = () => performance.now()) {
    this.totalMs = totalMs;
    this.#now = now;
    this.#endMs = now() + totalMs;
  }

  /** What is left, in ms; never below 0. */
  get leftMs(): number {
    return Math.max(0, this.#endMs - this.#now());
  }

  get isSpent(): boolean {
    return this.leftMs === 0;
  }

  /**
   * A part of it, a share of 1, which begins now and ends with the whole at the latest, or so that
   * the share `kept` is still left.
   */
  part(share: number, kept = 0): Budget {
    const leftMs = Math.max(0, this.leftMs - this.totalMs * kept);
    return new Budget(Math.min(this.totalMs * share, leftMs), this.#now);
  }
}

export interface RoundPlan {
  readonly rounds: number;
  /** How long one cell of a round measures. */
  readonly cellMs: number;
}

/** A median needs some rounds; with more of them each would be too short to mean anything. */
const ROUNDS = 5;
/** Shorter ones measure the start of the threads, longer ones show no more. */
const CELL_MS = { min: 20, max: 200 };
/** Removing what a cell made takes as long as making it. */
const CLEAN_UP = 2;

/** How rounds fit into a time. The cells of a round are measured one after the other. */
export function planRounds(availableMs: number, cells: number): RoundPlan {
  const fair = availableMs / (ROUNDS * cells * CLEAN_UP);
  return { rounds: ROUNDS, cellMs: Math.min(CELL_MS.max, Math.max(CELL_MS.min, fair)) };
}

/** 1, 2, 4 … and `most` itself. */
export function threadSteps(most: number): number[] {
  const steps: number[] = [];
  for (let threads = 1; threads < most; threads *= 2) steps.push(threads);
  return [...steps, most];
}
