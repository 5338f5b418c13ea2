/**
 * Ctrl-C, SIGTERM and a terminal that goes away: the first asks the command to stop, the second
 * stops the process.
 */

export type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

const SIGNALS: readonly StopSignal[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/** What the shell calls the end by a signal: 128 + its number. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The part of `process` that signals go through. */
export interface SignalSource {
  on(name: StopSignal, listener: (name: StopSignal) => void): unknown;
  removeAllListeners(name: StopSignal): unknown;
  removeListener(name: StopSignal, listener: (name: StopSignal) => void): unknown;
  kill(pid: number, name: StopSignal): unknown;
  readonly pid: number;
}

/** Watches for signals from its creation until `dispose`. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #source: SignalSource;
  readonly #say: (text: string) => void;
  /** The first signal that came. */
  received: StopSignal | undefined;

  constructor(say: (text: string) => void, source: SignalSource = process) {
    this.#say = say;
    this.#source = source;
    for (const name of SIGNALS) source.on(name, this.#onSignal);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the signals back their usual effect. */
  dispose(): void {
    for (const name of SIGNALS) this.#source.removeListener(name, this.#onSignal);
  }

  readonly #onSignal = (name: StopSignal): void => {
    if (this.received !== undefined) {
      this.#die(name);
      return;
    }
    this.received = name;
    this.#say(
      `${name}: stopping; what is in flight is finished or dropped; repeat to exit at once`,
    );
    this.#controller.abort();
  };

  /**
   * Dies of the signal itself, which the shell sees as 129, 130 or 143. process.exit would wait for
   * libuv's threads, and one of them may sit in a syncfs that takes minutes.
   */
  #die(name: StopSignal): void {
    for (const each of SIGNALS) this.#source.removeAllListeners(each);
    this.#source.kill(this.#source.pid, name);
  }
}
