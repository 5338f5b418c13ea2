/** Where a command's words go: results to stdout, progress and remarks to stderr. */
import { type Failure, IngotError } from '../errors.ts';
import { asFailure, lineOf, stackOf } from './fail.ts';
import { type Event, type ListEvent, toDocument, toLine } from './json.ts';
import { JsonList } from './json-list.ts';
import type { CommonFlags } from './options.ts';
import { createDisplay, type ProgressDisplay, SilentDisplay } from './progress.ts';
import type { ShownProgress } from './progress-line.ts';
import { Stdout } from './stdout.ts';

export type Mode = 'human' | 'json' | 'events';

/** One of many that a command finds. */
export interface Element {
  /** For people, with the end of its line. */
  readonly text: () => string;
  readonly event: ListEvent;
  /** For machines. */
  readonly value: () => object;
}

export class Output {
  readonly mode: Mode;
  readonly quiet: boolean;
  readonly #debug: boolean;
  readonly #stdout: Stdout;
  #display: ProgressDisplay = new SilentDisplay(process.stderr, '');
  #state: () => string = () => 'starting';
  #showsProgress = false;
  #list: JsonList | undefined;

  constructor(flags: CommonFlags, onReaderGone: () => void) {
    this.mode = flags.jsonEvents ? 'events' : flags.json ? 'json' : 'human';
    this.quiet = flags.quiet ?? false;
    this.#debug = flags.debug ?? false;
    this.#stdout = new Stdout(onReaderGone);
  }

  /** People or machines see progress; users who ask with a signal see it in any case. */
  get showsProgress(): boolean {
    return this.#showsProgress;
  }

  /** Shows progress from here on, unless it is unwanted or goes out as events. */
  async showProgress(wanted: boolean, unit: string): Promise<void> {
    const visible = wanted && !this.quiet && this.mode !== 'events';
    this.#showsProgress = visible || this.mode === 'events';
    this.#display = await createDisplay(process.stderr, visible, unit);
  }

  progress(progress: ShownProgress): void {
    this.event({ event: 'progress', ...progress });
    this.show(progress);
  }

  /** The same for people alone. */
  show(progress: ShownProgress): void {
    this.#display.update(progress);
    this.#state = () => this.#display.state();
  }

  /** Leaves the terminal to somebody else, until there is progress again. */
  pause(): void {
    this.#display.stop();
  }

  /** What the command does from here on, for users who ask; those who do not ask see nothing. */
  doing(state: string | (() => string)): void {
    this.#state = typeof state === 'string' ? () => state : state;
  }

  /** The answer to SIGUSR1 and SIGUSR2. */
  showState(): void {
    this.say(this.#state());
  }

  /** A line on stderr. */
  say(text: string): void {
    this.line(`ingot: ${text}`);
  }

  /** Text on stderr that stands for itself. */
  line(text: string): void {
    this.#display.line(text);
  }

  /** Text on stdout, for people. */
  print(text: string): void {
    if (this.mode !== 'human') return;
    if (process.stdout.isTTY) this.#display.clear();
    this.#stdout.write(text);
  }

  /** A remark for people, and an event for machines. */
  notice(text: string): void {
    if (!this.quiet) this.say(`note: ${text}`);
    this.event({ event: 'notice', text });
  }

  /** What the user should look into, though the command goes on: for people and machines. */
  warn(failure: Failure): void {
    const text = new IngotError(failure).message;
    if (!this.quiet) this.say(`warning: ${text}`);
    this.event({ event: 'warning', text });
  }

  event(event: Event): void {
    if (this.mode === 'events') this.#stdout.write(toLine(event));
  }

  /** Begins a result that is mostly a list, of which `head` is the rest as far as it is known. */
  beginList(head: object, key: string): void {
    if (this.mode !== 'json') return;
    this.#list = new JsonList();
    this.#stdout.write(this.#list.begin(head, key));
  }

  /**
   * Elements of the list, in the form that was asked for; `encode` is for text for people. Resolves
   * when more may come.
   */
  async elements(
    elements: readonly Element[],
    encode: (text: string) => string | Uint8Array = (text) => text,
  ): Promise<void> {
    const written = elements.map(({ text, event, value }) => {
      if (this.mode === 'human') return text();
      return this.#list?.element(value()) ?? toLine({ event, ...value() });
    });
    const whole = written.join('');
    if (whole !== '') this.#stdout.write(this.mode === 'human' ? encode(whole) : whole);
    await this.#stdout.ready();
  }

  /** The one result of a command, in the form that was asked for; after a list its rest. */
  result(value: object, human: string): void {
    this.#display.stop();
    this.print(human);
    this.#document(value);
    this.event({ event: 'report', ...value });
  }

  #document(value: object): void {
    if (this.mode === 'json') this.#stdout.write(this.#list?.end(value) ?? toDocument(value));
    this.#list = undefined;
  }

  /** The end of a command that failed; `more` is what a machine may want besides the error. */
  fail(error: unknown, more: object = {}): void {
    this.#display.stop();
    this.say(lineOf(error));
    if (this.#debug) this.line(stackOf(error));
    const value = { error: asFailure(error), ...more };
    this.#document(value);
    this.event({ event: 'error', ...value });
  }

  /** Resolves when stdout has taken everything. */
  finish(): Promise<void> {
    this.#display.stop();
    return this.#stdout.finish();
  }
}
