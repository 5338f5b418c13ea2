import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { loadLibc } from '../../../../src/native/libc.ts';
import { requireFormat } from '../../../../src/store/local/on-disk/format.ts';
import { waitForOldWriters } from '../../../../src/store/local/writers/old-writers.ts';
import { Writer } from '../../../../src/store/local/writers/writer.ts';
import { errno, tempStore } from '../../../harness/temp-store.ts';

const libc = (await loadLibc())!;

afterEach(() => vi.restoreAllMocks());

/** A live writer of a flat store, whose lock refuses the first so many that open it. */
function refusingWriter(refusals: number) {
  const root = tempStore('flat');
  const writer = Writer.open(root, requireFormat(root), libc);
  const lock = join(writer.folder, 'lock');
  const open = fs.openSync;
  let opened = 0;
  vi.spyOn(fs, 'openSync').mockImplementation((path, ...more) => {
    if (path === lock && ++opened <= refusals) throw errno('EACCES', 'open');
    return open(path, ...more);
  });
  return { root, writer };
}

it('a writer that may not be looked at yet is waited for, and looked at again', async () => {
  const { root, writer } = refusingWriter(1);
  const waiting: number[] = [];
  let polls = 0;
  await waitForOldWriters(root, ({ layout }) => layout !== 'sharded', libc, {
    onWaiting: (writers) => waiting.push(writers),
    // Alive at the second look, gone at the third.
    onPoll: () => void (++polls === 2 && writer.close()),
  });
  expect(polls).toBe(2);
  expect(waiting).toEqual([1, 0]);
});

it('one that refuses again ends the wait with what it refused', async () => {
  const { root, writer } = refusingWriter(2);
  const hooks = { onWaiting: undefined, onPoll: () => {} };
  const waited = waitForOldWriters(root, () => true, libc, hooks);
  await expect(waited).rejects.toMatchObject({ code: 'EACCES' });
  writer.close();
});
