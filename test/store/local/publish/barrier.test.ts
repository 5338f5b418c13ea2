import { expect, test } from 'vitest';
import { UsageError } from '../../../../src/errors.ts';
import { fileSystemTypeOf, syncfsReportsErrors } from '../../../../src/native/file-system-type.ts';
import { nodeFiles } from '../../../../src/native/files.ts';
import type { Libc } from '../../../../src/native/libc.ts';
import { BarrierCoordinator, chooseBarrier } from '../../../../src/store/local/publish/barrier.ts';
import { errno } from '../../../harness/temp-store.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

const libc: Libc = {
  syncfs: async () => {},
  syncfsRefusal: () => undefined,
  tryLock: () => true,
  setDirect: () => false,
  renameNew: () => undefined,
  exit: () => {},
  addressOf: () => 0n,
  readEntries: undefined,
  files: nodeFiles,
  statx: undefined,
  at: undefined,
  xattrReader: undefined,
  xattrWriter: undefined,
  threadSwitches: undefined,
};

/** A flush that ends when it is told to. */
function manualFlush() {
  const flushes: { end(): void; fail(error: Error): void }[] = [];
  const flush = () =>
    new Promise<void>((resolve, reject) => flushes.push({ end: resolve, fail: reject }));
  return { flush, flushes };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('groups that wait while a flush runs share the next one', async () => {
  const { flush, flushes } = manualFlush();
  const coordinator = new BarrierCoordinator(flush);
  const done: string[] = [];
  const wait = (name: string) => coordinator.wait().then(() => done.push(name));
  const all = [wait('a'), wait('b'), wait('c')];
  await turn();
  expect(flushes).toHaveLength(1);
  flushes[0]!.end();
  await turn();
  expect(done).toEqual(['a']);
  expect(flushes).toHaveLength(2);
  flushes[1]!.end();
  await Promise.all(all);
  expect(done).toEqual(['a', 'b', 'c']);
  expect(coordinator.count).toBe(2);
});

test('a failed flush fails all that wait, those that come later, and is not tried again', async () => {
  const { flush, flushes } = manualFlush();
  const coordinator = new BarrierCoordinator(flush);
  const results = Promise.allSettled([coordinator.wait(), coordinator.wait()]);
  await turn();
  flushes[0]!.fail(errno('EIO', 'syncfs'));
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(coordinator.wait()).rejects.toMatchObject({ code: 'EIO', syscall: 'syncfs' });
  expect(flushes).toHaveLength(1);
});

test('fsync is taken when asked for, and where libc cannot be called', () => {
  const folder = temporaryDirectory();
  expect(chooseBarrier('fsync', folder, libc)).toBe('fsync');
  expect(chooseBarrier('auto', folder, undefined)).toBe('fsync');
  expect(() => chooseBarrier('syncfs', folder, undefined)).toThrow(UsageError);
});

test('auto takes syncfs exactly where it is known to be a barrier', () => {
  for (const folder of [temporaryDirectory(), '/proc', '/dev/shm']) {
    const known = fileSystemTypeOf(folder).syncfsIsBarrier && syncfsReportsErrors();
    expect(chooseBarrier('auto', folder, libc), folder).toBe(known ? 'syncfs' : 'fsync');
  }
  expect(() => chooseBarrier('syncfs', '/proc', libc)).toThrow(/not known to be a barrier/);
});

test.each([
  ['5.7.19', false],
  ['5.8.0', true],
  ['5.10.0-21-amd64', true],
  ['4.19.0', false],
  ['6.1.0', true],
])('Linux %s reports write-back errors from syncfs: %s', (release, expected) => {
  expect(syncfsReportsErrors(release)).toBe(expected);
});
