import { expect, test } from 'vitest';
import { estimateBytes } from '../../../src/ingest/main/size-sample.ts';

/** The estimate, and how many files were looked at. */
function sample(sizes: Readonly<Record<string, number | undefined>>) {
  let looks = 0;
  const bytes = estimateBytes({ names: Object.keys(sizes) }, (name) => {
    looks++;
    return sizes[name];
  });
  return { bytes, looks };
}

const files = (count: number, ending: string, size: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}${ending}`, size]));

test('few of many files of a kind are looked at', () => {
  expect(sample(files(1600, '.txt', 100))).toEqual({ bytes: 160_000, looks: 51 });
  expect(sample(files(1, '', 7))).toEqual({ bytes: 7, looks: 1 });
  expect(sample({})).toEqual({ bytes: 0, looks: 0 });
});

test('names that end differently stand for themselves only', () => {
  const { bytes } = sample({
    ...files(800, '.c', 10),
    ...files(3, '.iso', 900),
    ...files(9, '', 2),
  });
  expect(bytes).toBe(8000 + 2700 + 18);
});

test('beside a large file each of its kind is looked at, those before it, too', () => {
  const large = { ...files(40, '.bin', 5), 'f31.bin': 1 << 30, 'f20.bin': 1 << 20 };
  expect(sample({ ...large, ...files(40, '.c', 5) })).toEqual({
    bytes: (1 << 30) + (1 << 20) + 38 * 5 + 200,
    looks: 40 + 2,
  });
});

test('what cannot be looked at is taken for one like the others of its kind', () => {
  expect(sample({ ...files(4, '.c', 10), 'f0.c': undefined }).bytes).toBe(40);
  expect(sample({ 'a.c': undefined }).bytes).toBe(0);
});
