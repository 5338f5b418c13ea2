import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ExternalSort } from '../../src/sort/external-sort.ts';

interface Given {
  readonly key: Buffer;
  readonly payload: Buffer;
}

function sortOf(chunkBytes: number): ExternalSort {
  const sort = new ExternalSort('cannot sort', { chunkBytes });
  onTestFinished(() => sort.close());
  return sort;
}

function sorted(sort: ExternalSort): Given[] {
  return Array.from(sort.sorted(), ({ bytes, payloadAt, payloadLength, keyLength }) => {
    const keyAt = payloadAt + payloadLength;
    return {
      payload: Buffer.from(bytes.subarray(payloadAt, keyAt)),
      key: Buffer.from(bytes.subarray(keyAt, keyAt + keyLength)),
    };
  });
}

const inHex = ({ key, payload }: Given) => `${key.toString('hex')} ${payload.toString('hex')}`;

it('records come back whole, by the bytes of their keys, however many runs they make', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));
  const records = fc.array(fc.record({ key: bytes, payload: bytes }), { maxLength: 60 });
  fc.assert(
    fc.property(records, fc.integer({ min: 1, max: 600 }), (given, chunkBytes) => {
      const sort = sortOf(chunkBytes);
      for (const { key, payload } of given) sort.add(key, payload);
      const back = sorted(sort);
      expect(back.map(inHex).sort()).toEqual(given.map(inHex).sort());
      const keys = back.map(({ key }) => key);
      expect(keys).toEqual([...keys].sort(Buffer.compare));
    }),
  );
});

it('a record that is larger than a read of its run is whole', () => {
  const sort = sortOf(100);
  const large = { key: Buffer.alloc(70_000, 'k'), payload: Buffer.alloc(200_000, 'p') };
  sort.add(large.key, large.payload);
  sort.add(Buffer.from('a'), Buffer.alloc(0));
  const [first, second] = sorted(sort);
  expect(sort.runs).toBe(2);
  expect(first).toEqual({ key: Buffer.from('a'), payload: Buffer.alloc(0) });
  expect(second!.key.equals(large.key) && second!.payload.equals(large.payload)).toBe(true);
});
