import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * How long the walk may run before it yields to worker messages, in milliseconds; one directory may
 * take longer. A turn of the event loop for each directory would take as long as reading it.
 */
export const TURN_MS = 1;

/** Gives signals and messages of workers their turn of the event loop in a long stretch of work. */
export class WalkTurns {
  readonly #signal: AbortSignal | undefined;
  #began = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  get isOver(): boolean {
    return performance.now() - this.#began >= TURN_MS;
  }

  /** Rejects with the signal's reason. */
  async next(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#began = performance.now();
  }
}
