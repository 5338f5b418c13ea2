/**
 * A set of digests in few bytes: of each the first 64 bits. So it may be said to have one that it
 * has not, once in 10^13 among a million: who keeps what is in it keeps too much, never too little.
 * It may number them, too, from 0 on as they come.
 */
import type { Digest } from '../../digest.ts';

const FIRST_SLOTS = 1 << 12;
const WORDS = 2;

export class DigestSet {
  size = 0;
  #slots = FIRST_SLOTS;
  #words = new Uint32Array(WORDS * FIRST_SLOTS);
  /** By slot. */
  #numbers: Uint32Array | undefined;
  readonly #bytes = Buffer.alloc(16);

  constructor({ isNumbered = false }: { readonly isNumbered?: boolean } = {}) {
    if (isNumbered) this.#numbers = new Uint32Array(FIRST_SLOTS);
  }

  /** `at`: where 64 hex characters begin. True when it was not in it. */
  add(hex: Uint8Array, at: number): boolean {
    const before = this.size;
    this.#place(hex, at);
    return this.size > before;
  }

  /** Adds it if it is not in it. Only where digests are numbered. */
  numberAt(hex: Uint8Array, at: number): number {
    return this.#place(hex, at);
  }

  /** Undefined where it is not in it. Only where digests are numbered. */
  numberOf(digest: Digest): number | undefined {
    this.#bytes.write(digest, 'latin1');
    const slot = this.#slotOf(this.#bytes, 0);
    return this.#words[slot + 1] === 0 ? undefined : this.#numbers![slot / WORDS]!;
  }

  hasAt(hex: Uint8Array, at: number): boolean {
    return this.#words[this.#slotOf(hex, at) + 1] !== 0;
  }

  has(digest: Digest): boolean {
    this.#bytes.write(digest, 'latin1');
    return this.hasAt(this.#bytes, 0);
  }

  /** Gives its number where digests are numbered, else 0. */
  #place(hex: Uint8Array, at: number): number {
    const [high, low] = [wordAt(hex, at), wordAt(hex, at + 8) || 1];
    const slot = this.#find(this.#words, high, low);
    if (this.#words[slot + 1] !== 0) return this.#numbers?.[slot / WORDS] ?? 0;
    this.#words[slot] = high;
    this.#words[slot + 1] = low;
    const number = this.size++;
    if (this.#numbers !== undefined) this.#numbers[slot / WORDS] = number;
    if (this.size > this.#slots / 2) this.#grow();
    return number;
  }

  #slotOf(hex: Uint8Array, at: number): number {
    return this.#find(this.#words, wordAt(hex, at), wordAt(hex, at + 8) || 1);
  }

  /** Of the digest, or of the free place where it would be. The second word is never 0. */
  #find(words: Uint32Array, high: number, low: number): number {
    const mask = words.length - 1;
    for (let at = (high * WORDS) & mask; ; at = (at + WORDS) & mask) {
      if (words[at + 1] === 0) return at;
      if (words[at] === high && words[at + 1] === low) return at;
    }
  }

  #grow(): void {
    const before = this.#words;
    const numbers = this.#numbers;
    this.#slots *= 2;
    if (numbers !== undefined) this.#numbers = new Uint32Array(this.#slots);
    const words = new Uint32Array(WORDS * this.#slots);
    for (let at = 0; at < before.length; at += WORDS) {
      if (before[at + 1] === 0) continue;
      const slot = this.#find(words, before[at]!, before[at + 1]!);
      words[slot] = before[at]!;
      words[slot + 1] = before[at + 1]!;
      if (numbers !== undefined) this.#numbers![slot / WORDS] = numbers[at / WORDS]!;
    }
    this.#words = words;
  }
}

const NIBBLES = new Uint8Array(256);
for (let value = 0; value < 16; value++) NIBBLES[value.toString(16).charCodeAt(0)] = value;

/** 32 bits, of 8 hex characters. */
function wordAt(hex: Uint8Array, at: number): number {
  const high = (byteAt(hex, at) << 8) | byteAt(hex, at + 2);
  return ((high << 16) | (byteAt(hex, at + 4) << 8) | byteAt(hex, at + 6)) >>> 0;
}

function byteAt(hex: Uint8Array, at: number): number {
  return (NIBBLES[hex[at]!]! << 4) | NIBBLES[hex[at + 1]!]!;
}
