/** How long worker threads have had nothing to do because the walk had found nothing yet. */
export class StarvedClock {
  /** Milliseconds, summed over the threads. */
  ms = 0;
  #since = performance.now();

  /** This many threads have been starved since the last call. */
  tick(threads: number): void {
    const now = performance.now();
    this.ms += threads * (now - this.#since);
    this.#since = now;
  }
}
