/**
 * Measures when a worker has nothing to do but wait for barriers. A worker runs a few tasks in
 * turn; the time that one waits while the other hashes costs nothing and is not counted.
 */
export class IdleClock {
  #running = 0;
  #waiting = 0;
  #idleSince = 0;
  #idleMs = 0;

  /** A task begins. */
  enter(): void {
    this.#apply(() => this.#running++);
  }

  /** A task ends. Gives the idle milliseconds that no task has taken yet. */
  leave(): number {
    this.#apply(() => this.#running--);
    const idle = this.#idleMs;
    this.#idleMs = 0;
    return idle;
  }

  /** A task waits until `barrier` has ended. */
  async wait<T>(barrier: Promise<T>): Promise<T> {
    this.#apply(() => this.#waiting++);
    try {
      return await barrier;
    } finally {
      this.#apply(() => this.#waiting--);
    }
  }

  #apply(change: () => void): void {
    const now = performance.now();
    if (this.#isIdle()) this.#idleMs += now - this.#idleSince;
    change();
    if (this.#isIdle()) this.#idleSince = now;
  }

  #isIdle(): boolean {
    return this.#running > 0 && this.#waiting === this.#running;
  }
}
