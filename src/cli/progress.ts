/**
 * Progress on stderr: a bar on a terminal, elsewhere a plain line every few seconds. All other
 * lines for stderr go through the display too, so that they never land in the middle of the bar.
 */
import { Writable } from 'node:stream';
import type { SingleBar } from 'cli-progress';
import { fittedLine, plainLine, type ShownProgress } from './progress-line.ts';

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
  protected readonly unit: string;
  protected last: ShownProgress | undefined;

  constructor(terminal: Terminal, unit: string) {
    this.terminal = terminal;
    this.unit = unit;
  }

  update(progress: ShownProgress): void {
    this.last = progress;
  }

  state(): string {
    return this.last === undefined ? 'starting' : plainLine(this.last, this.unit);
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
      // Asked anew for each frame: the terminal may have been resized.
      format: () =>
        this.last === undefined ? '' : fittedLine(this.last, unit, terminal.columns || 80),
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
    this.#bar.update(progress.fractionDone ?? 0);
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
