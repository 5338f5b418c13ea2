import crypto from 'node:crypto';
import { UsageError } from './errors.ts';

declare const brand: unique symbol;

/** The SHA-256 of a whole content: 64 lower-case hex characters. Made only by this module. */
export type Digest = string & { readonly [brand]: 'Digest' };

const PATTERN = /^[0-9a-f]{64}$/;

/** True for a digest's exact spelling: a name in the store that is an object. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && text.length === 64 && PATTERN.test(text);
}

/** Reads a digest that a user typed. Throws a UsageError on any other spelling. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const isText = typeof text === 'string';
  throw new UsageError({
    what: 'not a digest',
    code: 'INGOT_BAD_DIGEST',
    path: isText ? text : undefined,
    why: `expected 64 characters of 0-9a-f, got ${isText ? text.length : `a value of type ${typeof text}`}`,
    hint: 'give the whole SHA-256 in lower case, as the store names its objects',
  });
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
