/**
 * Random numbers and bytes that depend on nothing but a seed: keystreams of AES-128-CTR (NIST SP
 * 800-38A), which OpenSSL makes at gigabytes a second and alike on every machine.
 */
import { createCipheriv, createHash } from 'node:crypto';

/** Streams that must not overlap: each purpose has a key of its own. */
export type Purpose = 'contents' | 'sizes' | 'places';

const BLOCK = Buffer.alloc(1 << 20);

export class Keystreams {
  readonly #key: Buffer;

  constructor(seed: number, purpose: Purpose) {
    const whole = createHash('sha256').update(`ingot bench ${purpose} ${seed}`).digest();
    this.#key = whole.subarray(0, 16);
  }

  /** Stream number `index`, in pieces of at most 1 MiB until `length` bytes are given. */
  *pieces(index: number, length: number): Generator<Buffer> {
    const start = Buffer.alloc(16);
    // The lower half counts the blocks of the stream.
    start.writeBigUInt64BE(BigInt(index));
    const cipher = createCipheriv('aes-128-ctr', this.#key, start);
    for (let left = length; left > 0; left -= BLOCK.length)
      yield cipher.update(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK);
  }
}

const NUMBERS = 16_384;

/** Numbers drawn one after the other. */
export class Random {
  readonly #keystreams: Keystreams;
  #drawn: Buffer = Buffer.alloc(0);
  #at = 0;
  #next = 0;

  constructor(seed: number, purpose: Purpose) {
    this.#keystreams = new Keystreams(seed, purpose);
  }

  /** From 0 to below 1, in steps of 2^-32. */
  fraction(): number {
    if (this.#at === this.#drawn.length) {
      [this.#drawn = Buffer.alloc(0)] = this.#keystreams.pieces(this.#next++, NUMBERS * 4);
      this.#at = 0;
    }
    const value = this.#drawn.readUInt32LE(this.#at);
    this.#at += 4;
    return value / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** Of the standard normal distribution (Box and Muller, 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.fraction()));
    return radius * Math.cos(2 * Math.PI * this.fraction());
  }
}
