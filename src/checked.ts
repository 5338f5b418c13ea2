/**
 * What callers give, checked before anything is done with it. The types forbid all of this; callers
 * without types get a UsageError in one line, instead of a failure from deep inside.
 */
import { printable, UsageError } from './errors.ts';

/** Throws a UsageError on a wrong value. */
export type Check = (name: string, value: unknown) => void;

/** A check for every option: one that has none does not compile. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check };

/** Checks the options that were given; undefined is as good as not given. */
export function requireOptions<Options>(options: unknown, checks: Checks<Options>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw wrong('options', options, 'an object');
  for (const [name, check] of Object.entries<Check>(checks)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) check(name, value);
  }
}

export const flag: Check = (name, value) => {
  if (typeof value !== 'boolean') throw wrong(name, value, 'true or false');
};

export const text: Check = (name, value) => {
  if (typeof value !== 'string') throw wrong(name, value, 'a string');
};

export const callback: Check = (name, value) => {
  if (typeof value !== 'function') throw wrong(name, value, 'a function');
};

export const flagOrCallback: Check = (name, value) => {
  if (typeof value !== 'boolean' && typeof value !== 'function')
    throw wrong(name, value, 'true, false or a function');
};

/** Text for people, in one line. */
export const lineOfText: Check = (name, value) => {
  if (typeof value !== 'string') throw wrong(name, value, 'a string');
  if (value === '' || /\p{Cc}/u.test(value)) throw wrong(name, value, 'text in one line');
};

export const strings: Check = (name, value) => {
  if (!Array.isArray(value)) throw wrong(name, value, 'an array of strings');
  for (const each of value) if (typeof each !== 'string') throw wrong(name, each, 'a string');
};

/** Any path that the kernel could take: not empty, and no NUL in it. */
export const filePath: Check = (name, value) => {
  if (typeof value !== 'string') throw wrong(name, value, 'a string');
  if (value === '') throw wrong(name, 'the empty string', 'a path');
  if (value.includes('\0')) throw wrong(name, value, 'a path: it holds a NUL byte');
};

export const filePaths: Check = (name, value) => {
  if (!Array.isArray(value)) throw wrong(name, value, 'an array of paths');
  for (const each of value) filePath(name, each);
};

/** A whole number of at least `least`, and at most `most`. */
export function countOf(what: string, least = 1, most = Number.MAX_SAFE_INTEGER): Check {
  return (_, value) => {
    if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return;
    const range =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw wrong(`number of ${what}`, value, `a whole number ${range}`);
  };
}

/** A number above 0, and at most `most`; `kind` says so. */
export function positive(kind: string, most = Number.MAX_VALUE): Check {
  return (name, value) => {
    if (typeof value !== 'number' || !(value > 0 && value <= most)) throw wrong(name, value, kind);
  };
}

export function oneOf(values: readonly string[]): Check {
  return (name, value) => requireOneOf(name, values, value as string);
}

export function eachOneOf(values: readonly string[]): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw wrong(name, value, 'an array');
    for (const each of value) requireOneOf(name, values, each);
  };
}

/** Gives the value of an option. Throws a UsageError on one that is none of its values. */
export function requireOneOf<T extends string>(option: string, values: readonly T[], value: T): T {
  if (values.includes(value)) return value;
  throw new UsageError({
    what: `unknown ${option}`,
    code: 'INGOT_USAGE',
    why: `${shown(value)} is none of ${values.join(', ')}`,
  });
}

/** A signal of any realm, with all that is called of it: nobody could wait for another thing. */
export const abortSignal: Check = (name, value) => {
  const signal = value as Partial<AbortSignal> | null;
  const isSignal =
    typeof signal === 'object' &&
    typeof signal?.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.throwIfAborted === 'function';
  if (!isSignal) throw wrong(name, value, 'an AbortSignal');
};

/** The error for a value that is not what it is to be. */
export function wrong(name: string, value: unknown, wanted: string): UsageError {
  return new UsageError({
    what: `wrong ${name}`,
    code: 'INGOT_USAGE',
    why: `${shown(value)} is not ${wanted}`,
  });
}

/** A value in a few words, whatever it is: not every object has a text of its own. */
function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return printable(value);
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object';
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}
