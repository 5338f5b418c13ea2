import { isFailure } from '../errors.ts';

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
  #defect: { readonly error: unknown } | undefined;

  /**
   * When `count` cannot look at something the whole stays unknown: the run meets that, too, and
   * reports it. Without `count` nothing is counted.
   */
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

  /** Ends the calls and the count. Rejects with what the count threw, if that is a defect of it. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#endCount.abort();
    await this.#counting;
    this.#isCounting = false;
    if (this.#defect !== undefined) throw this.#defect.error;
  }

  async #countAll(): Promise<void> {
    try {
      this.#counted = await this.#count?.(this.#endCount.signal);
    } catch (error) {
      const { signal } = this.#endCount;
      if (!signal.aborted && !isFailure(error)) this.#defect = { error };
    }
    this.#isCounting = false;
  }
}
