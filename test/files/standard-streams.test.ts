import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isReaderGone } from '../../src/files/standard-streams.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A stream with a file open, as process.stdout has one for `> FILE`. */
function streamTo(path: string): { fd: number; isTTY: boolean } {
  const fd = fs.openSync(path, 'a');
  onTestFinished(() => fs.closeSync(fd));
  return { fd, isTTY: false };
}

it.each(['EPIPE', 'ECONNRESET'])('the reader of a pipe or a socket is gone: %s', (code) => {
  expect(isReaderGone(failure(code))).toBe(true);
});

it('the reader of a terminal that was closed is gone', () => {
  expect(isReaderGone(failure('EIO'), { fd: 1, isTTY: true })).toBe(true);
});

it.each([
  ['a file', () => join(temporaryDirectory(), 'file')],
  ['another device', () => '/dev/null'],
])('an output that cannot be written is a failure: %s', (_, path) => {
  const stream = streamTo(path());
  for (const code of ['EIO', 'ENOSPC', 'EBADF'])
    expect(isReaderGone(failure(code), stream)).toBe(false);
});
