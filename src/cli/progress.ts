/**
 * Progress on stderr: a bar on a terminal, elsewhere a plain line every few seconds. All other
 * lines for stderr go through the display too, so that they never land in the middle of the bar.
 */
import { Writable } from 'node:stream';
import type { SingleBar } from 'cli-progress';
import { byteRate, bytes, clock, count, percent } from '../units.ts';
import { type Estimate, Rates, type ShownProgress } from './rates.ts';

export interface ProgressDisplay {
  update(progress: ShownProgress): void;
  /** The state in a line, whether it is shown or not. */
  state(): string;
  /** Writes a line of its own. */
  line(text: string): void;
  /** Makes the bar's line free for output that takes another way to the same terminal. */
  clear(): void;
  /** Removes the bar. */
  stop(): void;
}

/** The part of stderr that a display needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Often enough to see that it lives, seldom enough for a log file. */
const PLAIN_INTERVAL_MS = 5000;

/**
 * A display for the terminal at hand. `unit` is what is counted: `entries`, `objects`. A terminal
 * that calls itself dumb (Emacs, some serial lines) shows escape sequences instead of obeying them.
 */
export async function createDisplay(
  terminal: Terminal,
  wanted: boolean,
  unit: string,
): Promise<ProgressDisplay> {
  if (!wanted) return new SilentDisplay(terminal, unit);
  const isDumb = process.env.TERM === 'dumb';
  if (!terminal.isTTY || isDumb) return new PlainDisplay(terminal, unit);
  // Loaded here: most commands show no bar.
  const { SingleBar } = await import('cli-progress');
  return new BarDisplay(terminal, unit, SingleBar);
}

/** Lines only. */
export class SilentDisplay implements ProgressDisplay {
  protected readonly terminal: Terminal;
  readonly #unit: string;
  readonly #rates = new Rates();
  #last: ShownProgress | undefined;

  constructor(terminal: Terminal, unit: string) {
    this.terminal = terminal;
    this.#unit = unit;
  }

  update(progress: ShownProgress): void {
    this.#rates.add(progress);
    this.#last = progress;
  }

  state(): string {
    const share = this.#last === undefined ? '' : `${percent(fractionDone(this.#last))}  `;
    return share + this.stateText();
  }

  /** The state without the share that is done. */
  protected stateText(): string {
    if (this.#last === undefined) return 'starting';
    return stateText(this.#last, this.#rates.estimate(), this.#unit);
  }

  line(text: string): void {
    this.terminal.write(`${text}\n`);
  }

  clear(): void {}

  stop(): void {}
}

/** A line every few seconds. */
class PlainDisplay extends SilentDisplay {
  #lineAtMs = 0;

  override update(progress: ShownProgress): void {
    super.update(progress);
    if (progress.elapsedMs - this.#lineAtMs < PLAIN_INTERVAL_MS) return;
    this.#lineAtMs = progress.elapsedMs;
    this.line(this.state());
  }
}

class BarDisplay extends SilentDisplay {
  readonly #bar: SingleBar;
  #started = false;

  constructor(terminal: Terminal, unit: string, Bar: typeof SingleBar) {
    super(terminal, unit);
    this.#bar = new Bar({
      stream: withoutCursorJumps(terminal),
      format: (_options, params, state: { text?: string }) => {
        const filled = Math.round(params.progress * BAR_WIDTH);
        const bar = '='.repeat(filled) + ' '.repeat(BAR_WIDTH - filled);
        return `${percent(params.progress).padStart(5)} [${bar}] ${state.text ?? ''}`;
      },
      clearOnComplete: true,
      // Another line may have pushed the bar away: draw it anew each time.
      forceRedraw: true,
      // Trims to the width; turning the terminal's wrapping off would outlive a kill.
      linewrap: true,
      // It would take the signals for itself, and Ctrl-C would no longer stop the command.
      gracefulExit: false,
      noTTYOutput: false,
    });
  }

  override update(progress: ShownProgress): void {
    super.update(progress);
    if (!this.#started) this.#bar.start(1, 0);
    this.#started = true;
    this.#bar.update(fractionDone(progress), { text: this.stateText() });
  }

  override line(text: string): void {
    this.clear();
    super.line(text);
  }

  override clear(): void {
    if (this.#started) this.terminal.write('\r\u001b[K');
  }

  override stop(): void {
    if (this.#started) this.#bar.stop();
    this.#started = false;
  }
}

const BAR_WIDTH = 20;

/** How much of what is known is done, by entries or by bytes: whichever is further behind. */
export function fractionDone(progress: ShownProgress): number {
  const { entriesDone, entriesFound, bytesRead = 0, bytesWaiting = 0 } = progress;
  const byEntries = entriesFound === 0 ? 0 : entriesDone / entriesFound;
  return bytesWaiting === 0
    ? byEntries
    : Math.min(byEntries, bytesRead / (bytesRead + bytesWaiting));
}

/** `53,120/117,745+ entries  1.20 GB  16,021/s  310 MB/s  ETA 0:04+`; `+` marks a growing total. */
function stateText(progress: ShownProgress, estimate: Estimate, unit: string): string {
  const { entriesDone, entriesFound, bytesRead, walking } = progress;
  const { entriesPerSecond, bytesPerSecond, secondsLeft, growing } = estimate;
  const parts = [`${count(entriesDone)}/${count(entriesFound)}${walking ? '+' : ''} ${unit}`];
  if (bytesRead !== undefined) parts.push(bytes(bytesRead));
  if (entriesPerSecond !== undefined) parts.push(`${count(entriesPerSecond)}/s`);
  if (bytesRead !== undefined && bytesPerSecond !== undefined) parts.push(byteRate(bytesPerSecond));
  if (secondsLeft !== undefined) parts.push(`ETA ${clock(secondsLeft)}${growing ? '+' : ''}`);
  return parts.join('  ');
}

const CURSOR_SAVE = '\u001b7';
const CURSOR_RESTORE = '\u001b8';

/**
 * cli-progress goes back to where the cursor was when the bar began, which by then may be a line
 * that was printed since: it would be erased.
 */
function withoutCursorJumps(terminal: Terminal): NodeJS.WritableStream {
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      if (text !== CURSOR_SAVE && text !== CURSOR_RESTORE) terminal.write(text);
      done();
    },
  });
  return Object.defineProperties(stream, {
    isTTY: { value: true },
    columns: { get: () => terminal.columns },
  });
}
