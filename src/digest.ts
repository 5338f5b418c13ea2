import crypto from 'node:crypto';
import { printable, UsageError } from './errors.ts';

declare const brand: unique symbol;

/** The SHA-256 of a whole content: 64 lower-case hex characters. Made only by this module. */
export type Digest = string & { readonly [brand]: 'Digest' };

const HEX_DIGITS = 64;
const PATTERN = /^[0-9a-f]{64}$/;

/** True for a digest's exact spelling: a name in the store that is an object. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && text.length === HEX_DIGITS && PATTERN.test(text);
}

/** Reads a digest that a user gives, in capitals too. Throws a UsageError on any other text. */
export function parseDigest(text: string): Digest {
  const digest = typeof text === 'string' ? text.toLowerCase() : text;
  if (isDigest(digest)) return digest;
  throw new UsageError({
    what: 'not a digest',
    code: 'INGOT_BAD_DIGEST',
    path: typeof text === 'string' ? text : undefined,
    why: whyNoDigest(text),
    hint: "give the whole SHA-256 of a content, as 'ingot put' prints it and a manifest lists it",
  });
}

function whyNoDigest(text: unknown): string {
  if (typeof text !== 'string') return `expected a string, got a value of type ${typeof text}`;
  const characters = [...text];
  if (characters.length !== HEX_DIGITS)
    return `expected ${HEX_DIGITS} hexadecimal digits, got ${characters.length} characters`;
  const wrong = characters.findIndex((character) => !/[0-9a-f]/i.test(character));
  return `character ${wrong + 1} is '${printable(characters[wrong]!)}', not a hexadecimal digit`;
}

/** Digests bytes that lie in memory (FIPS 180-4). One call to OpenSSL, no hash object. */
export function digestOf(bytes: Uint8Array): Digest {
  return crypto.hash('sha256', bytes, 'hex') as Digest;
}

/** Digests a content that comes in pieces. */
export class DigestStream {
  readonly #hash = crypto.createHash('sha256');

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): Digest {
    return this.#hash.digest('hex') as Digest;
  }
}
