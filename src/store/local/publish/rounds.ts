interface Waiting<T> {
  readonly item: T;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Group commit: one round serves all that wait when it begins. What comes while one runs waits for
 * the next, since a flush covers what was written before it started.
 */
export class Rounds<T> {
  readonly #serve: (items: readonly T[]) => readonly Promise<unknown>[];
  #waiting: Waiting<T>[] = [];
  #running = false;

  /** `serve` gives a promise for each item; one that rejects makes its item's wait reject. */
  constructor(serve: (items: readonly T[]) => readonly Promise<unknown>[]) {
    this.#serve = serve;
  }

  /** Resolves when a round that began after this call has served the item. */
  wait(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const round = this.#waiting;
      this.#waiting = [];
      const served = this.#serve(round.map(({ item }) => item));
      await Promise.all(
        round.map(({ resolve, reject }, index) => served[index]!.then(resolve, reject)),
      );
    }
    this.#running = false;
  }
}
