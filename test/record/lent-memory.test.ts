import { afterEach, expect, it } from 'vitest';
import { giveBack, lend } from '../../src/record/lent-memory.ts';

const MANY = 12;
const lent: Buffer[] = [];
const take = (bytes: number) => {
  const piece = lend(bytes);
  lent.push(piece);
  return piece;
};
afterEach(() => {
  for (const piece of lent.splice(0)) giveBack(piece);
});

it('is as large as was asked for, and its own until it is given back', () => {
  const first = take(100_000);
  expect(first.length).toBeGreaterThanOrEqual(100_000);
  const second = take(100_000);
  expect(second.buffer).not.toBe(first.buffer);
  first.fill(1);
  second.fill(2);
  expect([first[0], first.at(-1), second[0], second.at(-1)]).toEqual([1, 1, 2, 2]);
});

it('is lent again when it was given back, by a part of it and by another view, as threads have it', () => {
  const first = take(100_000);
  giveBack(new Uint8Array(first.buffer, first.byteOffset + 5, 3));
  expect(take(90_000).buffer).toBe(first.buffer);
});

it('is not lent where it is too small', () => {
  const small = take(1_000);
  giveBack(small);
  expect(take(small.length + 1).buffer).not.toBe(small.buffer);
});

it('makes room for larger pieces than those that it has', () => {
  for (const piece of Array.from({ length: MANY }, () => take(1_000))) giveBack(piece);
  const large = take(10_000_000);
  giveBack(large);
  expect(take(10_000_000).buffer).toBe(large.buffer);
});

it('of a thread that lends very many pieces is as good, and some are lent once only', () => {
  const pieces = Array.from({ length: 2 * MANY }, () => take(200_000));
  expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(2 * MANY);
});

it('that nobody has lent is left alone', () => {
  const own = Buffer.alloc(16, 7);
  giveBack(own);
  expect(own).toEqual(Buffer.alloc(16, 7));
});
