import { expect, it } from 'vitest';
import { readAheadChoice, readAheadLimits } from '../../src/read-ahead/choice.ts';

const GIB = 1024 ** 3;

it.each([
  ['plenty', 2, 64 * GIB, 32 << 20],
  ['little', 2, GIB, 8 << 20],
  ['less than any machine has', 16, GIB / 4, 1 << 20],
])('what is read ahead is a small share of memory: %s', (_, threads, memory, bytes) => {
  expect(readAheadLimits(7, threads, memory)).toEqual({ files: 7, bytes });
});

it('is as wide as pays, unless something else is asked for', () => {
  expect(readAheadLimits(undefined, 1).files).toBe('auto');
  expect(readAheadLimits(undefined, 1).bytes).toBeGreaterThanOrEqual(1 << 20);
});

it.each([-1, 4097, 1.5, '7', null, 'automatic'])('%s is no choice', (value) => {
  expect(() => readAheadChoice('readAhead', value)).toThrow(/^wrong readAhead: .* 0 to 4096/);
});

it.each(['auto', 0, 4096])('%s is a choice', (value) => {
  expect(() => readAheadChoice('readAhead', value)).not.toThrow();
});
