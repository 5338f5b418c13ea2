import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { LargeIndex } from '../../../../src/store/local/publish/large-index.ts';
import { tempStore } from '../../../harness/temp-store.ts';

const SAMPLE = 'ab'.repeat(16);
const MAX_BYTES = 16 << 20;

let root: string;
let path: string;
beforeEach(() => {
  root = tempStore();
  path = join(root, '.ingot', 'large');
});

test('what one worker adds another finds, and neither adds it again', () => {
  const [one, two] = [new LargeIndex(root), new LargeIndex(root)];
  expect(two.has(5_000_000, SAMPLE)).toBe(false);
  one.add(5_000_000, SAMPLE);
  expect(two.has(5_000_000, SAMPLE)).toBe(true);
  expect(two.has(5_000_001, SAMPLE)).toBe(false);
  for (const index of [one, two, new LargeIndex(root)]) index.add(5_000_000, SAMPLE);
  expect(fs.readFileSync(path, 'utf8')).toBe(`5000000 ${SAMPLE}\n`);
});

test('a line that is still being written is read when it is whole', () => {
  const index = new LargeIndex(root);
  fs.writeFileSync(path, `1 ${SAMPLE}\n2 ${SAMPLE.slice(7)}`);
  expect(index.has(1, SAMPLE)).toBe(true);
  expect(index.has(2, SAMPLE)).toBe(false);
  fs.writeFileSync(path, `1 ${SAMPLE}\n2 ${SAMPLE}\n`);
  expect(index.has(2, SAMPLE)).toBe(true);
});

test('so is the very first line', () => {
  const index = new LargeIndex(root);
  fs.writeFileSync(path, '1 ab');
  expect(index.has(1, SAMPLE)).toBe(false);
  fs.writeFileSync(path, `1 ${SAMPLE}\n`);
  expect(index.has(1, SAMPLE)).toBe(true);
});

test('what is no line of an index is passed over, however long it is', () => {
  const index = new LargeIndex(root);
  const broken = ['', `1 ${SAMPLE}0`, 'x'.repeat(200_000)];
  fs.writeFileSync(path, [...broken, `2 ${SAMPLE}`, ''].join('\n'));
  expect(index.has(1, `${SAMPLE}0`)).toBe(false);
  expect(index.has(2, SAMPLE)).toBe(true);
});

test('an index of many reads is read to its end', () => {
  const lines = Array.from({ length: 5000 }, (_, size) => `${size} ${SAMPLE}\n`);
  fs.writeFileSync(path, lines.join(''));
  const index = new LargeIndex(root);
  expect(lines.findIndex((_, size) => !index.has(size, SAMPLE))).toBe(-1);
});

test('one that is full is neither read beyond its bound nor added to', () => {
  fs.writeFileSync(path, '');
  fs.truncateSync(path, MAX_BYTES);
  fs.appendFileSync(path, `\n1 ${SAMPLE}\n`);
  const { size } = fs.statSync(path);
  const index = new LargeIndex(root);
  expect(index.has(1, SAMPLE)).toBe(false);
  index.add(2, SAMPLE);
  expect(fs.statSync(path).size).toBe(size);
});

test('without an index nothing is known, and what cannot be added is no failure', () => {
  fs.mkdirSync(path);
  const index = new LargeIndex(root);
  expect(index.has(1, SAMPLE)).toBe(false);
  index.add(1, SAMPLE);
  expect(index.has(1, SAMPLE)).toBe(false);
});
