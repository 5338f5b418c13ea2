import { expect, it } from 'vitest';
import { BytesAhead } from '../../src/read-ahead/bytes-ahead.ts';

const MIB = 1 << 20;
const COLD = 1;
const WARM = 0.05;

/** A file of so many MiB, read in chunks of one; gives what was asked for, in MiB. */
function read(mib: number, waitedMs: (chunk: number) => number, bytes = 8 * MIB): number[][] {
  const asked: number[][] = [];
  const ahead = new BytesAhead(bytes, (from, size) => asked.push([from / MIB, size / MIB]));
  for (let chunk = 1; chunk <= mib; chunk++) ahead.wasRead(chunk * MIB, waitedMs(chunk));
  return asked;
}

it('asks for nothing of a file that memory holds, though its first chunk is waited for', () => {
  expect(read(100, (chunk) => (chunk === 1 ? COLD : WARM))).toEqual([]);
});

it('keeps 4 to 8 MiB under way once a chunk was waited for, and asks for each byte once', () => {
  const asked = read(20, (chunk) => (chunk === 2 ? COLD : WARM));
  expect(asked.slice(0, 3)).toEqual([
    [2, 8],
    [10, 4],
    [14, 4],
  ]);
  let end = 2;
  for (const [from, size] of asked) {
    expect(from).toBe(end);
    end += size!;
  }
});

it('has as much under way as it may, and at most 8 MiB', () => {
  expect(read(3, () => COLD, 2 * MIB)).toEqual([
    [2, 2],
    [4, 1],
  ]);
  expect(read(2, () => COLD, 64 * MIB)).toEqual([[2, 8]]);
  expect(read(100, () => COLD, 0)).toEqual([]);
});
