/**
 * Ctrl-C, SIGTERM and a terminal that goes away: the first asks the command to stop, a later one
 * ends the process at once. SIGUSR1 and SIGUSR2 ask how far the command is.
 */
import { loadLibc } from '../native/libc.ts';
import type { Reactions, StopSignal } from './early-signals.ts';

export type { StopSignal } from './early-signals.ts';

const SIGNALS: readonly StopSignal[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/** What the shell calls the end by a signal: 128 + its number. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * One wish may arrive twice: timeout(1) signals its child and then its whole group, and npx passes
 * on the SIGINT that the terminal has sent to both. What comes so soon after the first is no second
 * wish.
 */
const SAME_WISH_MS = 1000;

/** How a command answers signals. */
export interface Answers {
  /** Shows that the command stops. */
  readonly say: (text: string) => void;
  /** Shows how far the command is. */
  readonly showState: () => void;
}

/** How a process ends, and its clock in milliseconds. */
export interface Ending {
  readonly die: (name: StopSignal) => void;
  readonly now: () => number;
}

/** What the signals of this process do; nothing until `takeOver` is called. */
let ofProcess: Reactions = { stop: () => {}, ask: () => {} };

/** Lets the signals of this process reach the commands that it runs. */
export function takeOver(reactions: Reactions): void {
  ofProcess = reactions;
}

/** Takes the signals over from its creation until `dispose`. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #answers: Answers;
  readonly #reactions: Reactions;
  readonly #before: Reactions;
  readonly #ending: Ending;
  #receivedAtMs = 0;
  /** The first signal that came. */
  received: StopSignal | undefined;

  constructor(
    answers: Answers,
    reactions: Reactions = ofProcess,
    ending: Ending = { die: dieOf, now: () => performance.now() },
  ) {
    this.#answers = answers;
    this.#reactions = reactions;
    this.#before = { ...reactions };
    this.#ending = ending;
    reactions.stop = (name) => this.#stop(name);
    reactions.ask = () => answers.showState();
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Gives the signals back what they did before. After a first one they stay: its repetition must
   * not cut off what is still being printed.
   */
  dispose(): void {
    if (this.received === undefined) this.#reactions.stop = this.#before.stop;
  }

  #stop(name: StopSignal): void {
    const now = this.#ending.now();
    if (this.received !== undefined) {
      if (now - this.#receivedAtMs >= SAME_WISH_MS) this.#ending.die(name);
      return;
    }
    this.received = name;
    this.#receivedAtMs = now;
    this.#answers.say(
      `${name}: stopping; what is in flight is finished or dropped; repeat to exit at once`,
    );
    this.#controller.abort();
  }
}

/**
 * Dies of the signal itself, which the shell sees as 129, 130 or 143. process.exit would wait for
 * libuv's threads, and one of them may sit in a syncfs that takes minutes.
 */
function dieOf(name: StopSignal): void {
  for (const each of SIGNALS) process.removeAllListeners(each);
  process.kill(process.pid, name);
  // Still there: it is PID 1, as in a container, and the kernel spares that.
  void exitAtOnce(SIGNAL_EXIT[name]);
}

async function exitAtOnce(code: number): Promise<void> {
  const libc = await loadLibc();
  if (libc === undefined) process.exit(code);
  libc.exit(code);
}
