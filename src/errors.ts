import { errnoName, isErrnoName, wordsOfErrno } from './errno.ts';
import { refusalIn } from './node-refusals.ts';

/**
 * Errors are known by what they have, never by `instanceof`: under Jest, and Vitest's vmThreads,
 * what Node throws is made of the Error of another realm.
 */

/**
 * What a failure means to those who need not know which call met it: a flush that failed, whose
 * bytes may be lost whatever a second one says; no room; a thing that is not there any more; a
 * right that is missing.
 */
export type FailureKind = 'flush' | 'full' | 'gone' | 'denied';

/** A failure as data: enough to report it in one line, and to pass it between threads. */
export interface Failure {
  /** What could not be done: "cannot write an object". */
  readonly what: string;
  /** An errno's name (`ENOSPC`), or one of ingot's own codes (`INGOT_…`). */
  readonly code: string;
  /** Why, in words, where the code alone does not say. */
  readonly why?: string | undefined;
  readonly path?: string | undefined;
  readonly syscall?: string | undefined;
  /** Undefined for all other failures. */
  readonly kind?: FailureKind | undefined;
  /** What the user can do about it. */
  readonly hint?: string | undefined;
  /** Where a mistake of ours was made, in another thread perhaps. */
  readonly stack?: string | undefined;
}

/** An error that says what failed, on which path, why, and what to do. */
export class IngotError extends Error implements Failure {
  override readonly name: string = 'IngotError';
  readonly what: string;
  readonly code: string;
  readonly why: string | undefined;
  readonly path: string | undefined;
  readonly syscall: string | undefined;
  readonly kind: FailureKind | undefined;
  readonly hint: string | undefined;

  constructor(failure: Failure, cause?: unknown) {
    super(describe(failure), cause === undefined ? undefined : { cause });
    this.what = failure.what;
    this.code = failure.code;
    this.why = failure.why;
    this.path = failure.path;
    this.syscall = failure.syscall;
    this.kind = failure.kind;
    this.hint = failure.hint;
    if (failure.stack !== undefined) this.stack = failure.stack;
  }

  /** The parts that structured cloning would drop from an Error. */
  toFailure(): Failure {
    const { what, code, why, path, syscall, kind, hint } = this;
    return { what, code, why, path, syscall, kind, hint };
  }
}

/** The command line or an option is wrong: exit code 2. */
export class UsageError extends IngotError {
  override readonly name = 'UsageError';
}

/** True for an error of any realm. */
export function isError(thrown: unknown): thrown is Error {
  if (typeof thrown !== 'object' || thrown === null) return false;
  const { name, message } = thrown as Partial<Error>;
  return typeof name === 'string' && typeof message === 'string';
}

/** True for an error of ingot's, also of another copy of it. */
export function isIngotError(thrown: unknown): thrown is IngotError {
  return isError(thrown) && typeof (thrown as Partial<IngotError>).toFailure === 'function';
}

export function isUsageError(thrown: unknown): thrown is UsageError {
  return isIngotError(thrown) && thrown.name === 'UsageError';
}

/**
 * Wraps what a system call threw, and what Node refused; any other error is passed on as it is. A
 * shortage has its own hint.
 */
export function failed(
  what: string,
  cause: unknown,
  more: { path?: string | undefined; hint?: string | undefined } = {},
): Error {
  if (isIngotError(cause)) return cause;
  const code = errnoOf(cause);
  if (code === undefined) {
    const refusal = refusalIn(codeOf(cause), cause);
    if (refusal === undefined) return asError(cause);
    return new IngotError({ what, ...refusal, path: refusal.path ?? more.path }, cause);
  }
  const { path, syscall } = cause as NodeJS.ErrnoException;
  const hint = SHORTAGES.get(code) ?? more.hint;
  const kind = kindOf(code, syscall);
  return new IngotError({ what, code, path: more.path ?? path, syscall, kind, hint }, cause);
}

const FLUSHES = new Set(['fsync', 'syncfs']);

/** By the call first: a flush may fail with ENOSPC, and is a failed flush all the same. */
function kindOf(errno: string, syscall: string | undefined): FailureKind | undefined {
  if (FLUSHES.has(syscall ?? '')) return 'flush';
  return KINDS.get(errno);
}

const KINDS: ReadonlyMap<string, FailureKind> = new Map([
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['ENOENT', 'gone'],
  ['ESTALE', 'gone'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['EROFS', 'denied'],
]);

/** The code of an error, whoever gave it: an errno, ingot's own (`INGOT_…`), Node's (`ERR_…`). */
export function codeOf(error: unknown): string | undefined {
  const code = isError(error) ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The errno's name on an error thrown by Node or by ingot, if it has one. */
export function errnoOf(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const { errno } = error as NodeJS.ErrnoException;
  // libuv names only POSIX's errnos; of others, such as EDQUOT, it gives the number.
  if (/^unknown/i.test(code) && errno !== undefined) return errnoName(-errno);
  return isErrnoName(code) ? code : undefined;
}

/** True when the errno's name is one of these. */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errnoOf(error) ?? '');
}

/** True for what files, stores and Node may answer at any time; false for a bug. */
export function isFailure(error: unknown): boolean {
  return (
    isIngotError(error) ||
    errnoOf(error) !== undefined ||
    refusalIn(codeOf(error), error) !== undefined
  );
}

/** Takes a step that is no loss when the file system refuses it: a removal, a hint. */
export function bestEffort(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
}

/** True for the errnos that another user's files give. */
export function isDenied(error: unknown): boolean {
  return hasErrno(error, 'EACCES', 'EPERM');
}

/** The errnos of a process or machine that is short of something, and what to do about it. */
export const SHORTAGES: ReadonlyMap<string, string> = new Map([
  ['EMFILE', 'raise the limit of open files (ulimit -n) or use fewer --threads'],
  ['ENFILE', 'the machine has too many open files: close some and run again'],
  ['ENOMEM', 'free memory and run again'],
]);

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown));
}

/** Any error as plain data, for a thread boundary or a report. */
export function failureOf(what: string, error: unknown): Failure {
  const wrapped = failed(what, error);
  return isIngotError(wrapped) ? wrapped.toFailure() : bugOf(wrapped);
}

/** What is no failure of a file, a store or Node is a mistake of ours. */
export function bugOf(error: unknown): Failure {
  const { message, stack } = asError(error);
  const hint = '--debug shows where; please report it';
  const code = codeOf(error) ?? 'INGOT_INTERNAL';
  return { what: 'internal error', code, why: message, hint, stack };
}

function describe({ what, code, why, path, hint }: Failure): string {
  const reason = why ?? wordsOfErrno(code) ?? code;
  const shown = code.startsWith('INGOT_') || reason === code ? reason : `${reason} (${code})`;
  const head = path === undefined ? what : `${what}: ${shortened(printable(path))}`;
  return hint === undefined ? `${head}: ${shown}` : `${head}: ${shown}; ${hint}`;
}

/** Nobody reads a longer path in a line. `path` itself, as machines get it, stays whole. */
const MAX_SHOWN = 1000;

/** A long path without its middle. */
function shortened(path: string): string {
  if (path.length <= MAX_SHOWN) return path;
  const half = MAX_SHOWN / 2;
  const dropped = path.length - 2 * half;
  return `${path.slice(0, half)}[… ${dropped} characters …]${path.slice(-half)}`;
}

/**
 * Control characters, line separators, lone surrogates, and what shows nothing of its own: marks
 * that turn the writing direction, byte order marks, joiners, fillers, variation selectors.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cf}\p{Default_Ignorable_Code_Point}\\]/u;

/**
 * A path as one line of plain text: control and invisible characters, line separators and bytes
 * that are not UTF-8 (held as lone surrogates U+DC00 + byte) appear as `\xNN`, `\uNNNN` or
 * `\u{NNNNN}`, a backslash doubled.
 */
export function printable(path: string): string {
  if (!UNPRINTABLE.test(path)) return path;
  let out = '';
  for (const char of path) {
    const point = char.codePointAt(0)!;
    if (point >= 0xdc00 && point <= 0xdcff) out += `\\x${hex(point - 0xdc00, 2)}`;
    else if (char === '\\') out += '\\\\';
    else if (point < 0x20 || (point >= 0x7f && point < 0xa0)) out += `\\x${hex(point, 2)}`;
    else if (UNPRINTABLE.test(char))
      out += point > 0xffff ? `\\u{${hex(point, 5)}}` : `\\u${hex(point, 4)}`;
    else out += char;
  }
  return out;
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}
