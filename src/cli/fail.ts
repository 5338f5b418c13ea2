/** Errors as the user sees them: one line, and an exit code. */
import {
  bugOf,
  codeOf,
  type Failure,
  failed,
  IngotError,
  isError,
  isIngotError,
  isUsageError,
} from '../errors.ts';
import { SIGNAL_EXIT, type StopSignal } from './signals.ts';

/** The exit codes of every command; 129, 130 and 143 stand for a signal. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Finished, but some entries or objects are unreadable, some changed, or a source was lost. */
  incomplete: 3,
  damaged: 4,
  /** Nobody reads standard output any more; what the shell says of a death by SIGPIPE. */
  readerGone: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | (typeof SIGNAL_EXIT)[StopSignal];

/** The exit code of a command that failed, perhaps because of a signal it received. */
export function exitCodeOf(error: unknown, received?: StopSignal): ExitCode {
  if (received !== undefined && isInterruption(error)) return SIGNAL_EXIT[received];
  if (codeOf(error) === 'INGOT_DAMAGED') return EXIT.damaged;
  return isWrongUsage(error) ? EXIT.usage : EXIT.failed;
}

/** A list of sources is read while the ingest goes on: what is wrong with it is that one's cause. */
function isWrongUsage(error: unknown): boolean {
  return isUsageError(error) || (isIngotError(error) && isUsageError(error.cause));
}

/** One line without the program's name. */
export function lineOf(error: unknown): string {
  const { message } = asIngotError(error);
  return message.replace(/\s*[\r\n]+\s*/g, ' ');
}

/** The stack of an error and of all that caused it, for --debug. */
export function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (let each = error; isError(each); each = each.cause) stacks.push(each.stack ?? each.message);
  return stacks.join('\ncaused by ');
}

/** An error as machines get it. */
export function asFailure(error: unknown): Failure {
  return asIngotError(error).toFailure();
}

/** The error of a command that was stopped. */
function interruption(): IngotError {
  return new IngotError({
    what: 'interrupted',
    code: 'INGOT_INTERRUPTED',
    why: 'it was told to stop before it was done',
  });
}

function asIngotError(error: unknown): IngotError {
  if (isIngotError(error)) return error;
  if (isInterruption(error)) return interruption();
  const wrapped = failed('cannot go on', error);
  if (isIngotError(wrapped)) return wrapped;
  return new IngotError(bugOf(wrapped));
}

function isInterruption(error: unknown): boolean {
  if (!isError(error)) return false;
  return codeOf(error) === 'INGOT_INTERRUPTED' || error.name === 'AbortError';
}
