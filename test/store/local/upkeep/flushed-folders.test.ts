import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FlushedFolders } from '../../../../src/store/local/upkeep/flushed-folders.ts';
import { recordingOps } from '../../../harness/temp-store.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

const HOUR_MS = 3_600_000;

/** Ten minutes later by the machine's clock. */
function later(): void {
  const now = Date.now() + HOUR_MS / 6;
  const spy = vi.spyOn(Date, 'now').mockReturnValue(now);
  onTestFinished(() => void spy.mockRestore());
}

it('a folder that has not changed for long is flushed once, and again when it has', () => {
  const folder = temporaryDirectory();
  const { ops, count } = recordingOps();
  const flushed = new FlushedFolders(ops);
  later();
  for (const _ of [1, 2, 3]) flushed.flush(folder);
  expect(count('fsyncSync', /./)).toBe(1);
  fs.writeFileSync(join(folder, 'file'), '');
  flushed.flush(folder);
  expect(count('fsyncSync', /./)).toBe(2);
  fs.renameSync(join(folder, 'file'), join(temporaryDirectory(), 'file'));
  flushed.flush(folder);
  expect(count('fsyncSync', /./)).toBe(3);
});

it('one that has changed a moment ago is flushed each time', () => {
  const folder = temporaryDirectory();
  const { ops, count } = recordingOps();
  const flushed = new FlushedFolders(ops);
  for (const _ of [1, 2, 3]) flushed.flush(folder);
  expect(count('fsyncSync', /./)).toBe(3);
});

it('one that has taken the place of another is flushed', () => {
  const [folder, other] = [temporaryDirectory(), temporaryDirectory()];
  const { ops, count } = recordingOps();
  const flushed = new FlushedFolders(ops);
  later();
  flushed.flush(folder);
  fs.rmSync(folder, { recursive: true });
  fs.renameSync(other, folder);
  flushed.flush(folder);
  expect(count('fsyncSync', /./)).toBe(2);
});

it('a flush that failed is made again', () => {
  const folder = temporaryDirectory();
  let fails = true;
  const { ops, count } = recordingOps(({ name }) =>
    name === 'fsyncSync' && fails ? new Error('EIO') : undefined,
  );
  const flushed = new FlushedFolders(ops);
  later();
  expect(() => flushed.flush(folder)).toThrow('EIO');
  fails = false;
  flushed.flush(folder);
  expect(count('fsyncSync', /./)).toBe(2);
});
