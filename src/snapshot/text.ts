/**
 * Bytes as canonical JSON strings. A byte that is not part of valid UTF-8 is the lone surrogate
 * U+DC00 + byte, as in Python's surrogateescape; strings are spelt as JSON.stringify spells them. So
 * each sequence of bytes has exactly one spelling.
 */
import { escapeName, surrogateEscaped, toBytes } from '../names.ts';

/** Throws an IngotError that says why something is refused. */
export type Refuse = (why: string) => never;

/** What JSON or names.ts may spell otherwise: also lone surrogates. */
const NOT_PLAIN = /["\\\p{Cc}\u2028\u2029\p{Cs}]/u;

/** The JSON string of a name or target in the escaped form of names.ts. */
export function quoted(escaped: string): string {
  if (!NOT_PLAIN.test(escaped)) return `"${escaped}"`;
  return JSON.stringify(escaped.isWellFormed() ? escaped : surrogateEscaped(toBytes(escaped)));
}

/**
 * The body of a JSON string, in the escaped form of names.ts. Refuses a second spelling of the same
 * bytes.
 */
export function unquoted(body: string, refuse: Refuse): string {
  if (!NOT_PLAIN.test(body)) return body;
  const escaped = escapeName(toBytes(parsed(body, refuse)));
  return quoted(escaped) === `"${body}"` ? escaped : refuse('a string is not spelt as it must be');
}

function parsed(body: string, refuse: Refuse): string {
  try {
    return JSON.parse(`"${body}"`) as string;
  } catch {
    return refuse('a string is not JSON');
  }
}

/** Bytes of a name or path in the escaped form of names.ts. */
export function byteLength(escaped: string): number {
  return escaped.isWellFormed() ? Buffer.byteLength(escaped) : toBytes(escaped).length;
}

/** Why this cannot be the name of an entry; undefined if it can. */
export function whyNoName(name: string, maxBytes: number): string | undefined {
  if (name === '') return 'a name is empty';
  if (name === '.' || name === '..') return `a name is '${name}'`;
  if (name.includes('/')) return 'a name has a slash';
  if (name.includes('\0')) return 'a name has a NUL byte';
  return 3 * name.length > maxBytes && byteLength(name) > maxBytes
    ? `a name is longer than ${maxBytes} bytes`
    : undefined;
}
