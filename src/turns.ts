/**
 * Turns of the event loop for loops that would hold it, over all objects of a store for example:
 * signals, timers and messages of threads wait for one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a loop may hold the event loop, in milliseconds: users wait so long for an answer. */
const HOLD_MS = 50;

export class Turns {
  readonly #stepsPerLook: number;
  #steps = 0;
  #beganMs = performance.now();

  /**
   * A look at the clock takes some 0.1 µs. Loops whose steps take little more look every
   * `stepsPerLook` steps; they must not take long on a slow disk either.
   */
  constructor(stepsPerLook = 1) {
    this.#stepsPerLook = stepsPerLook;
  }

  /** Counts a step of the loop; true when it is time for `take`. */
  isDue(): boolean {
    if (++this.#steps % this.#stepsPerLook !== 0) return false;
    return performance.now() - this.#beganMs >= HOLD_MS;
  }

  /** Lets the event loop handle what waits. */
  async take(): Promise<void> {
    await nextTurn();
    this.#beganMs = performance.now();
  }
}

/** For loops that only list names: each takes about a microsecond. */
export const NAMES_PER_LOOK = 16;
