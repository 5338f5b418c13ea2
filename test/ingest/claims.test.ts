import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { Claims } from '../../src/ingest/claims.ts';

const digest = (n: number): Digest => digestOf(Buffer.from(`content ${n}`));

describe('claims', () => {
  it('gives a content to the first task that claims it and names that task to all others', () => {
    const claims = new Claims();
    expect(claims.owner(digest(1))).toBe(0);
    expect(claims.claim(digest(1), 7)).toBe(0);
    expect(claims.claim(digest(1), 8)).toBe(7);
    expect(claims.claim(digest(1), 7)).toBe(7);
    expect(claims.owner(digest(1))).toBe(7);
    expect(claims.claim(digest(2), 8)).toBe(0);
    expect(claims.count()).toBe(2);
  });

  it('forgets no claim while it grows far beyond its first segment', () => {
    const claims = new Claims();
    const before = claims.shared.byteLength;
    const count = 700_000;
    const digests = Array.from({ length: count }, (_, n) => digest(n));
    expect(digests.filter((each, n) => claims.claim(each, 1 + (n % 1000)) !== 0)).toEqual([]);
    expect(claims.shared.byteLength).toBeGreaterThan(before * 4);
    expect(claims.count()).toBe(count);
    expect(new Claims(claims.shared).count()).toBe(count);
    expect(digests.filter((each, n) => claims.claim(each, 5000) !== 1 + (n % 1000))).toEqual([]);
  });

  it('tells digests apart that differ in any of their first 128 bits, and only by those', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat({ max: 127 }),
        (bytes, bit) => {
          const claims = new Claims();
          const first = Buffer.from(bytes).toString('hex') as Digest;
          const other = Buffer.from(bytes);
          other[bit >> 3]! ^= 1 << (bit & 7);
          expect(claims.claim(first, 1)).toBe(0);
          expect(claims.claim(other.toString('hex') as Digest, 2)).toBe(0);
          expect(claims.claim(first, 3)).toBe(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is one table for all threads that share it', () => {
    const one = new Claims();
    const two = new Claims(one.shared);
    const digests = Array.from({ length: 100_000 }, (_, n) => digest(n));
    for (const each of digests) one.claim(each, 1);
    expect(digests.filter((each) => two.claim(each, 2) !== 1)).toEqual([]);
  });

  it('fails with a clear error when it cannot grow, and never drops a claim', () => {
    // A table that may not grow at all, as when the memory is used up.
    const shared = new SharedArrayBuffer(new Claims().shared.byteLength);
    const claims = new Claims(shared);
    let claimed = 0;
    const fill = () => {
      for (;;) if (claims.claim(digest(claimed), 1) === 0) claimed++;
    };
    expect(fill).toThrow(
      expect.objectContaining({
        code: 'INGOT_CLAIMS_FULL',
        hint: expect.stringContaining('several runs'),
      }),
    );
    const lost = Array.from({ length: claimed }, (_, n) => n).filter(
      (n) => claims.owner(digest(n)) !== 1,
    );
    expect(lost).toEqual([]);
  });
});

describe('where there are few addresses', () => {
  const Real = SharedArrayBuffer;
  afterEach(() => vi.unstubAllGlobals());

  /** As under `ulimit -v`: what would reserve more than this is refused. */
  function allow(most: number): void {
    class Limited extends Real {
      constructor(bytes: number, options: { maxByteLength: number }) {
        if (options.maxByteLength > most) throw new RangeError('Array buffer allocation failed');
        super(bytes, options);
      }
    }
    vi.stubGlobal('SharedArrayBuffer', Limited);
  }

  it('a smaller table is reserved', () => {
    allow(2 ** 30);
    const claims = new Claims();
    expect(claims.shared.maxByteLength).toBe(2 ** 30);
    expect(claims.claim(digestOf(Buffer.from('x')), 1)).toBe(0);
  });

  it('too few are told of', () => {
    allow(2 ** 20);
    expect(() => new Claims()).toThrow(
      /not enough memory \(ENOMEM\); raise the limit of addresses/,
    );
  });
});
