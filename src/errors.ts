import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

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
  /** What the user can do about it. */
  readonly hint?: string | undefined;
}

/** An error that says what failed, on which path, why, and what to do. */
export class IngotError extends Error implements Failure {
  override readonly name: string = 'IngotError';
  readonly what: string;
  readonly code: string;
  readonly why: string | undefined;
  readonly path: string | undefined;
  readonly syscall: string | undefined;
  readonly hint: string | undefined;

  constructor(failure: Failure, cause?: unknown) {
    super(describe(failure), cause === undefined ? undefined : { cause });
    this.what = failure.what;
    this.code = failure.code;
    this.why = failure.why;
    this.path = failure.path;
    this.syscall = failure.syscall;
    this.hint = failure.hint;
  }

  /** The parts that structured cloning would drop from an Error. */
  toFailure(): Failure {
    const { what, code, why, path, syscall, hint } = this;
    return { what, code, why, path, syscall, hint };
  }
}

/** The command line or an option is wrong: exit code 2. */
export class UsageError extends IngotError {}

/** Gives the number that was asked for. Throws a UsageError on one that counts nothing. */
export function requireCount(of: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError({
    what: `wrong number of ${of}`,
    code: 'INGOT_USAGE',
    why: `${value} is not a whole number of at least 1`,
  });
}

/** Throws a UsageError on the empty path, which path.resolve takes for the working directory. */
export function requireStorePath(path: string): void {
  if (path === '')
    throw new UsageError({
      what: 'no store given',
      code: 'INGOT_NO_STORE',
      why: 'its path is empty',
    });
}

/** Gives the value of an option. Throws a UsageError on one that is none of its values. */
export function requireOneOf<T extends string>(option: string, values: readonly T[], value: T): T {
  if (values.includes(value)) return value;
  throw new UsageError({
    what: `unknown ${option}`,
    code: 'INGOT_USAGE',
    why: `${printable(String(value))} is none of ${values.join(', ')}`,
  });
}

/** Throws a UsageError on a signal that is no AbortSignal: it could never abort anything. */
export function requireSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new UsageError({ what: 'wrong signal', code: 'INGOT_USAGE', why: 'it is no AbortSignal' });
}

/**
 * Wraps what a system call threw; anything that carries no errno is passed on as it is. A
 * shortage has its own hint.
 */
export function failed(
  what: string,
  cause: unknown,
  more: { path?: string | undefined; hint?: string | undefined } = {},
): Error {
  if (cause instanceof IngotError) return cause;
  const code = errnoOf(cause);
  if (code === undefined) return asError(cause);
  const { path, syscall } = cause as NodeJS.ErrnoException;
  const hint = SHORTAGES.get(code) ?? more.hint;
  return new IngotError({ what, code, path: more.path ?? path, syscall, hint }, cause);
}

/** The errno's name on an error thrown by Node or by ingot, if it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  // libuv names only POSIX's errnos; of others, such as EDQUOT, it gives the number.
  return /^unknown/i.test(code) && errno !== undefined ? errnoName(-errno) : code;
}

/** True when the errno's name is one of these. */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errnoOf(error) ?? '');
}

/** Takes a step that is no loss when the file system refuses it: a removal, a hint. */
export function bestEffort(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
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
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Any error as plain data, for a thread boundary or a report. */
export function failureOf(what: string, error: unknown): Failure {
  const wrapped = failed(what, error);
  if (wrapped instanceof IngotError) return wrapped.toFailure();
  return { what, code: 'INGOT_INTERNAL', why: wrapped.message };
}

const MESSAGES = new Map([...getSystemErrorMap().values()]);
/** Linux errnos that libuv has no words for. */
MESSAGES.set('EDQUOT', 'disk quota exceeded');
MESSAGES.set('EUCLEAN', 'file system is damaged');
MESSAGES.set('EBADMSG', 'bytes with a wrong checksum');
MESSAGES.set('ESTALE', 'stale file handle');
MESSAGES.set('ENOLCK', 'no locks available');
MESSAGES.set('ENOLINK', 'link has been severed');
MESSAGES.set('ETIME', 'timer expired');
MESSAGES.set('ENOMEDIUM', 'no medium found');
MESSAGES.set('EMEDIUMTYPE', 'wrong medium type');
MESSAGES.set('ENOKEY', 'required key is not available');
MESSAGES.set('EKEYEXPIRED', 'key has expired');
MESSAGES.set('EKEYREVOKED', 'key has been revoked');
MESSAGES.set('EKEYREJECTED', 'key was rejected by the service');
MESSAGES.set('EHWPOISON', 'memory page has a hardware error');

/** Where a number has several names: libuv's, as in Node's errors. */
const ERRNO_NAMES = new Map([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  // Names that Node does not know either.
  ...([
    [117, 'EUCLEAN'],
    [123, 'ENOMEDIUM'],
    [124, 'EMEDIUMTYPE'],
    [126, 'ENOKEY'],
    [127, 'EKEYEXPIRED'],
    [128, 'EKEYREVOKED'],
    [129, 'EKEYREJECTED'],
    [133, 'EHWPOISON'],
  ] as const),
  ...[...getSystemErrorMap()].map(([number, [name]]) => [-number, name] as const),
]);

/** The name of a Linux errno number, for calls made outside Node's fs. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
}

function describe({ what, code, why, path, hint }: Failure): string {
  const reason = why ?? MESSAGES.get(code) ?? code;
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
