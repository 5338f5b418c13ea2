interface Borrower<T> {
  readonly signal: AbortSignal | undefined;
  readonly take: (thing: T) => void;
  readonly refuse: (reason: unknown) => void;
}

/** Lends things of which there are only so many: who comes when all are out waits for its turn. */
export class Lender<T> {
  readonly #make: () => T;
  readonly #free: T[] = [];
  readonly #waiting = new Set<Borrower<T>>();
  /** One listener a signal, however many wait with it: Node warns of more than ten. */
  readonly #watched = new WeakSet<AbortSignal>();
  #left: number;

  /** At most `most` things are made, and none before it is needed. */
  constructor(most: number, make: () => T) {
    this.#left = most;
    this.#make = make;
  }

  /** The borrower gives it back. Rejects with the signal's reason when it is aborted meanwhile. */
  async borrow(signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free.length > 0) return this.#free.pop()!;
    if (this.#left > 0) {
      this.#left--;
      return this.#make();
    }
    if (signal !== undefined) this.#watch(signal);
    return new Promise((take, refuse) => {
      this.#waiting.add({ signal, take, refuse });
    });
  }

  giveBack(thing: T): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free.push(thing);
    else {
      this.#waiting.delete(next);
      next.take(thing);
    }
  }

  #watch(signal: AbortSignal): void {
    if (this.#watched.has(signal)) return;
    this.#watched.add(signal);
    signal.addEventListener('abort', () => this.#giveUp(signal), { once: true });
  }

  #giveUp(signal: AbortSignal): void {
    for (const borrower of this.#waiting) {
      if (borrower.signal !== signal) continue;
      this.#waiting.delete(borrower);
      borrower.refuse(signal.reason);
    }
  }
}
