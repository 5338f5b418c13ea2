const EVERY_MS = 100;

/**
 * Shows a few times a second where a run stands, and from the first time on counts what the whole
 * run has to do: a run that is over by then is not counted.
 */
export class ProgressClock<Counted> {
  readonly #count: ((signal: AbortSignal) => Promise<Counted>) | undefined;
  readonly #endCount = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #counting: Promise<void> | undefined;
  #isCounting: boolean;
  #counted: Counted | undefined;

  /** When `count` rejects the whole stays unknown; without it nothing is counted. */
  constructor(show: () => void, count: ((signal: AbortSignal) => Promise<Counted>) | undefined) {
    this.#count = count;
    this.#isCounting = count !== undefined;
    this.#timer = setInterval(() => {
      this.#counting ??= this.#countAll();
      show();
    }, EVERY_MS);
  }

  /** The count is still to come. */
  get isCounting(): boolean {
    return this.#isCounting;
  }

  get counted(): Counted | undefined {
    return this.#counted;
  }

  /** Ends the calls and the count. Never rejects. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#endCount.abort();
    await this.#counting;
    this.#isCounting = false;
  }

  async #countAll(): Promise<void> {
    try {
      this.#counted = await this.#count?.(this.#endCount.signal);
    } catch {
      // Ended before its time, or what the run itself meets and reports.
    }
    this.#isCounting = false;
  }
}
