import { expect, it } from 'vitest';
import { ProgressClock } from '../../src/progress/progress-clock.ts';
import { errno } from '../harness/temp-store.ts';

const clockOf = (count: (signal: AbortSignal) => Promise<number>) =>
  new Promise<ProgressClock<number>>((resolve) => {
    const clock = new ProgressClock(() => resolve(clock), count);
  });

it('a clock counts from its first showing on', async () => {
  const clock = await clockOf(async () => 7);
  await clock.end();
  expect(clock).toMatchObject({ isCounting: false, counted: 7 });
});

it('what cannot be looked at leaves the whole unknown, and a count is cut short', async () => {
  const refused = await clockOf(() => Promise.reject(errno('EACCES')));
  await refused.end();
  expect(refused.counted).toBeUndefined();
  const long = await clockOf(
    (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  expect(long.isCounting).toBe(true);
  await long.end();
  expect(long.counted).toBeUndefined();
});

it('a defect of the count is not hidden', async () => {
  const clock = await clockOf(() => Promise.reject(new TypeError('undefined is not a function')));
  await expect(clock.end()).rejects.toThrow('undefined is not a function');
});
