import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ahead } from '../src/ahead.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

it('results come in order, whichever is done first, and few are begun at once', async () => {
  let [running, most] = [0, 0];
  const work = async (item: number) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < 10 - item; turn++) await setImmediate();
    running--;
    return item;
  };
  const items = Array.from({ length: 10 }, (_, n) => n);
  expect(await all(ahead(items, 3, work))).toEqual(items);
  expect(most).toBe(3);
});

it('a failure comes in its turn, and ends it when what was begun has ended', async () => {
  const ended: number[] = [];
  const got: number[] = [];
  const work = async (item: number) => {
    if (item === 2) throw new Error('two');
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    ended.push(item);
    return item;
  };
  const reading = (async () => {
    for await (const item of ahead([0, 1, 2, 3, 4], 4, work)) got.push(item);
  })();
  await expect(reading).rejects.toThrow('two');
  expect(got).toEqual([0, 1]);
  expect(ended).toContain(3);
});
