/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { dashOf } from '../files/standard-streams.ts';
import { MAX_READ_AHEAD, type ReadAhead } from '../read-ahead/choice.ts';
import { SHARINGS } from '../store/choices.ts';
import { MAX_THREADS } from '../threads/thread-count.ts';

export interface CommonFlags {
  readonly store?: string;
  readonly json?: boolean;
  readonly jsonEvents?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** Adds what every command on a store has. */
export function addCommonOptions(command: Command): Command {
  return addOutputOptions(
    command.addOption(new Option('--store <dir>', 'the store').env('INGOT_STORE')),
  );
}

/** Adds the options for how a command reports what it did. */
export function addOutputOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON document on stdout; --json=events: a JSON line for each event')
    .addOption(new Option(EVENTS_FLAG).hideHelp())
    .option('-q, --quiet', 'print results and errors only')
    .option('--debug', 'show the stack trace of an error');
}

const EVENTS_FLAG = '--json-events';

/** What commander would not understand: it takes the source in `--json SOURCE` for a value. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['--json=events', EVENTS_FLAG],
  ['--shared', '--shared=group'],
]);

/** Options with an optional value, which has to be attached with `=`, as commander knows them. */
export function spellOptionalValues(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, at) => (end < 0 || at < end ? (SPELLINGS.get(arg) ?? arg) : arg));
}

/** For a command that makes the store if it is missing. */
export function sharedOption(): Option {
  return new Option(
    '--shared [who]',
    'open the store to its group (=group), and to all users to read (=all)',
  ).choices(SHARINGS);
}

/** The store that was named. Throws a UsageError when none was. */
export function storeOf(flags: CommonFlags): string {
  const { store } = flags;
  if (!store)
    throw new UsageError({
      what: 'no store given',
      code: 'INGOT_NO_STORE',
      why: 'neither --store nor $INGOT_STORE is set',
      hint: 'add --store DIR',
    });
  return store;
}

export function threadsOption(): Option {
  const what = `worker threads, 1 to ${MAX_THREADS} (default: one for each processor)`;
  return new Option('--threads <n>', what).argParser(parseThreads);
}

export function parseThreads(text: string): number {
  const threads = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new InvalidArgumentError(`It is not a whole number from 1 to ${MAX_THREADS}.`);
}

export function readAheadOption(): Option {
  const what = `files that a thread reads ahead: auto, or 0 to ${MAX_READ_AHEAD} (default: auto)`;
  return new Option('--read-ahead <n>', what).argParser(parseReadAhead);
}

export function parseReadAhead(text: string): ReadAhead {
  const files = /^\d{1,4}$/.test(text) ? Number(text) : Infinity;
  if (text === 'auto') return text;
  if (files <= MAX_READ_AHEAD) return files;
  throw new InvalidArgumentError(
    `It is neither auto nor a whole number from 0 to ${MAX_READ_AHEAD}.`,
  );
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** A file to write, given once; `-` is standard output under any of its names. */
export function outputFile(value: string, before?: string): string {
  return dashOf(once(value, before));
}

/** The value of an option that is given once: a second one would silently replace it. */
export function once(value: string, before?: string | number): string {
  if (before === undefined) return value;
  throw new InvalidArgumentError(`It was given before, with '${before}'.`);
}
