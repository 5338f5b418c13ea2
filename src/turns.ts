/**
 * Turns of the event loop for loops that would hold it, over all objects of a store for example:
 * signals, timers and messages of threads wait for one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a loop may hold the event loop, in milliseconds: users wait so long for an answer. */
const HOLD_MS = 50;

/** For loops that only list names: each takes about a microsecond. */
export const NAMES_PER_LOOK = 16;

export interface TurnOptions {
  /** How long the loop may run on, in milliseconds. Default 50. */
  readonly holdMs?: number;
  /**
   * A look at the clock takes some 0.1 µs. Loops whose steps take little more look every so many
   * steps; they must not take long on a slow disk either. Default 1.
   */
  readonly stepsPerLook?: number;
  /** What ends the loop. */
  readonly signal?: AbortSignal | undefined;
  /** Called at each turn. */
  readonly onTurn?: (() => void) | undefined;
}

export class Turns {
  readonly #holdMs: number;
  readonly #stepsPerLook: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onTurn: (() => void) | undefined;
  #steps = 0;
  #beganMs = performance.now();

  constructor({ holdMs = HOLD_MS, stepsPerLook = 1, signal, onTurn }: TurnOptions = {}) {
    this.#holdMs = holdMs;
    this.#stepsPerLook = stepsPerLook;
    this.#signal = signal;
    this.#onTurn = onTurn;
  }

  /** Counts a step of the loop; true when it is time for `take`. */
  isDue(): boolean {
    if (++this.#steps % this.#stepsPerLook !== 0) return false;
    return performance.now() - this.#beganMs >= this.#holdMs;
  }

  /**
   * Lets the event loop handle what waits. Rejects with the signal's reason when it is aborted, and
   * with what `onTurn` throws.
   */
  async take(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#onTurn?.();
    this.#beganMs = performance.now();
  }
}
