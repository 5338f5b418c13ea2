import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSnapshotId, newId } from '../../src/snapshot/id.ts';

const NOW = Date.UTC(2026, 10, 30, 14, 2, 3, 999);

test('an id says the second in UTC and a random number', () => {
  expect(newId(NOW, undefined, () => 0x3f2a9c1e)).toBe('20261130T140203Z-3f2a9c1e');
  expect(newId(NOW, undefined, () => 7)).toBe('20261130T140203Z-00000007');
  expect(newId(NOW, undefined)).not.toBe(newId(NOW, undefined));
});

test('ids sort in the order in which they are made, wherever the clock goes', () => {
  const time = fc.integer({ min: 0, max: Date.UTC(9000, 0) });
  fc.assert(
    fc.property(fc.array(time, { minLength: 2, maxLength: 20 }), (times) => {
      const ids: string[] = [];
      for (const now of times) ids.push(newId(now, ids.at(-1)));
      expect(new Set(ids).size).toBe(ids.length);
      expect([...ids].sort()).toEqual(ids);
      expect(ids.every(isSnapshotId)).toBe(true);
    }),
  );
});

test('after the clock went back an id names the second after the newest one', () => {
  const id = newId(NOW - 3_600_000, '20261231T235959Z-ffffffff', () => 0);
  expect(id).toBe('20270101T000000Z-00000000');
});

test('nothing else is an id', () => {
  const id = '20261130T140203Z-3f2a9c1e';
  expect(isSnapshotId(id)).toBe(true);
  const others = [id.toUpperCase(), `${id}\n`, `x${id}`, id.slice(1), '', '../../etc/passwd'];
  const unreal = [
    '20261131T140203Z-3f2a9c1e',
    '20261130T250203Z-3f2a9c1e',
    '20261130T140260Z-3f2a9c1e',
  ];
  for (const text of [...others, ...unreal]) expect(isSnapshotId(text)).toBe(false);
});
