import { expect, test } from 'vitest';
import { maxNamelessTemps } from '../../src/store/open-temps.ts';

test('temps have names where too few of them could be open otherwise', () => {
  expect(maxNamelessTemps(6, 1_024)).toBe(0);
  expect(maxNamelessTemps(6, 11_999)).toBe(0);
  expect(maxNamelessTemps(6, 12_000)).toBe(1_000);
  expect(maxNamelessTemps(6, 20_000)).toBe(1_666);
  expect(maxNamelessTemps(6, 1_048_576)).toBe(4_000);
});
