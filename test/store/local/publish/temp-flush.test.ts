import { expect, it } from 'vitest';
import { nodeFileOps, type StoreFd } from '../../../../src/files/file-ops.ts';
import { owned } from '../../../../src/native/descriptor.ts';
import { TempFlush } from '../../../../src/store/local/publish/temp-flush.ts';
import { errno } from '../../../harness/temp-store.ts';

const temp = (n: number): StoreFd => owned(n);
const temps = (count: number) => Array.from({ length: count }, (_, n) => temp(n));

/** Flushes that end when they are told to, or at once where they are of one temp. */
function manual({ failing = new Set<StoreFd>() } = {}) {
  const fsynced: StoreFd[] = [];
  const ended: { end: () => void; fail: (error: Error) => void }[] = [];
  const ops = {
    ...nodeFileOps,
    fsync: (fd: StoreFd, done: (error: Error | null) => void) => {
      fsynced.push(fd);
      setImmediate(done, failing.has(fd) ? errno('EIO', 'fsync') : null);
    },
  };
  const syncfs = () =>
    new Promise<void>((end, fail) => {
      ended.push({ end, fail });
    });
  return { ops: ops as typeof nodeFileOps, syncfs, fsynced, ended };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

it('a few temps are flushed each on its own, and one that fails fails alone', async () => {
  const { ops, syncfs, fsynced, ended } = manual({ failing: new Set([temp(1)]) });
  const flush = new TempFlush(ops, syncfs);
  const results = await Promise.allSettled(temps(3).map((fd) => flush.wait([fd])));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(fsynced).toHaveLength(3);
  expect(ended).toHaveLength(0);
});

it('those that wait while a flush runs share the next one', async () => {
  const { ops, syncfs, fsynced, ended } = manual();
  const flush = new TempFlush(ops, syncfs);
  const first = flush.wait([temp(0)]);
  const rest = temps(500).map((fd) => flush.wait([fd]));
  await first;
  await turn();
  expect(fsynced).toHaveLength(1);
  expect(ended).toHaveLength(1);
  let durable = false;
  const done = Promise.all(rest).then(() => {
    durable = true;
  });
  const late = temps(8).map((fd) => flush.wait([fd]));
  await turn();
  // Not before its end, and it does not count for who came after it had begun.
  expect(durable).toBe(false);
  expect(ended).toHaveLength(1);
  ended[0]!.end();
  await done;
  await turn();
  expect(ended).toHaveLength(2);
  ended[1]!.end();
  await Promise.all(late);
  expect(fsynced).toHaveLength(1);
});

it('a failed flush of the file system fails those that waited for it, and no other is tried', async () => {
  const { ops, syncfs, fsynced, ended } = manual();
  const flush = new TempFlush(ops, syncfs);
  const waiting = Promise.allSettled([flush.wait(temps(8)), flush.wait(temps(8))]);
  await turn();
  ended[0]!.fail(errno('EIO', 'syncfs'));
  await turn();
  ended[1]?.end();
  const [first, second] = await waiting;
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'EIO' } });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'EIO' } });
  await expect(flush.wait([temp(1)])).rejects.toMatchObject({ code: 'EIO' });
  expect(ended).toHaveLength(1);
  expect(fsynced).toHaveLength(0);
});

it('where the file system has no such flush each temp is flushed on its own', async () => {
  const { ops, fsynced } = manual();
  await new TempFlush(ops, undefined).wait(temps(100));
  expect(fsynced).toHaveLength(100);
});
