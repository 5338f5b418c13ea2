import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { DigestStream, digestOf } from '../src/digest.ts';
import { Store } from '../src/store/store.ts';
import { tempStore } from './harness/temp-store.ts';

/** FIPS 180-4, the example vectors for SHA-256. */
const VECTORS: [string, string, string][] = [
  ['the empty message', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['"abc"', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'the 448-bit message',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  [
    'the 896-bit message',
    'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
  ],
  [
    'a million "a"',
    'a'.repeat(1_000_000),
    'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
  ],
];

describe.each(VECTORS)('%s has the digest that FIPS 180-4 gives', (_name, message, digest) => {
  const bytes = Buffer.from(message);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 977) }, (_, n) =>
    bytes.subarray(n * 977, (n + 1) * 977),
  );

  test('in one call', () => {
    expect(digestOf(bytes)).toBe(digest);
  });

  test('in pieces', () => {
    const stream = new DigestStream();
    for (const piece of pieces) stream.update(piece);
    expect(stream.digest()).toBe(digest);
  });

  test('put as a buffer and as a stream, and got back', async () => {
    const store = await Store.open(tempStore());
    expect(await store.put(bytes)).toMatchObject({ digest, size: bytes.length, outcome: 'new' });
    expect(await store.put(Readable.from(pieces))).toMatchObject({ digest, outcome: 'duplicate' });
    const got = Buffer.concat(await (await store.get(digestOf(bytes))).toArray());
    expect(got.equals(bytes)).toBe(true);
    await store.close();
  });
});
