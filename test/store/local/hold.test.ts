/** The lock of a store, and its generation, where somebody has had a hand in them. */
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { nodeFileOps } from '../../../src/files/file-ops.ts';
import { loadLibc } from '../../../src/native/libc.ts';
import { holdNames } from '../../../src/store/local/hold.ts';
import { readGeneration } from '../../../src/store/local/on-disk/generation.ts';
import { removeUnderLock } from '../../../src/store/local/upkeep/remove-under-lock.ts';
import { GENERATION, storeOfFormat } from '../../harness/formats.ts';
import { errno, recordingOps } from '../../harness/temp-store.ts';
import { makeTree } from '../../harness/tree.ts';

const libc = (await loadLibc())!;
const ops = nodeFileOps;

const lockOf = (root: string) => join(root, '.ingot/lock');

/** What a hold of another process does. */
function holdShared(root: string): () => void {
  const fd = fs.openSync(lockOf(root), 'r+');
  expect(libc.tryLock(fd as never, 'shared')).toBe(true);
  return () => fs.closeSync(fd);
}

/** Long enough for some looks at the lock. */
const looks = () => delay(50);

test('a removal waits for holds, and changes the generation before it begins', async () => {
  const root = storeOfFormat(2);
  const release = holdShared(root);
  let seen: string | undefined;
  const look = () => {
    seen = readGeneration(root);
  };
  const removed = removeUnderLock(root, look, { ops });
  await looks();
  expect([seen, readGeneration(root)]).toEqual([undefined, GENERATION]);
  release();
  await removed;
  expect(seen).toMatch(/^[0-9a-f]{32}$/);
  expect(seen).not.toBe(GENERATION);
  expect(readGeneration(root)).toBe(seen);
});

test('a removal that waits is not overtaken by holds without end', async () => {
  const root = storeOfFormat(2);
  const first = await holdNames(root, ops);
  let isRemoved = false;
  const removed = removeUnderLock(root, () => {}, { ops }).then(() => {
    isRemoved = true;
  });
  await looks();
  const next = holdNames(root, ops);
  await looks();
  first.release();
  // Whoever came later comes later.
  (await next).release();
  expect(isRemoved).toBe(true);
  await removed;
});

test('a hold that waits is not overtaken by removals without end', async () => {
  const root = storeOfFormat(2);
  let end = () => {};
  const first = removeUnderLock(root, () => new Promise<void>((resolve) => (end = resolve)), {
    ops,
  });
  while (readGeneration(root) === GENERATION) await looks();
  let isHeld = false;
  const held = holdNames(root, ops).then(({ release }) => {
    isHeld = true;
    release();
  });
  await looks();
  const seen: boolean[] = [];
  end();
  await first;
  // Each asks for the lock at once, while the one who waits looks only now and then.
  for (let n = 0; n < 3; n++) await removeUnderLock(root, () => void seen.push(isHeld), { ops });
  await held;
  expect(seen).toEqual([true, true, true]);
});

test('a removal that may not begin changes nothing', async () => {
  const root = storeOfFormat(2);
  const removing = removeUnderLock(root, () => 'done', { ops, mayBegin: () => false });
  expect(await removing).toBeUndefined();
  expect(readGeneration(root)).toBe(GENERATION);
});

test.each(['ENOSPC', 'EDQUOT'])(
  'on a full disk (%s) a generation is written over',
  async (code) => {
    const root = storeOfFormat(2);
    const { ops: full, count } = recordingOps(({ name, path }) =>
      name === 'openSync' && path.includes('generation.') ? errno(code) : undefined,
    );
    expect(await removeUnderLock(root, () => readGeneration(root), { ops: full })).not.toBe(
      GENERATION,
    );
    expect(readGeneration(root)).toMatch(/^[0-9a-f]{32}$/);
    expect(count('fsyncSync', /generation$/)).toBe(1);
  },
);

test('a hold waits for a removal, however long that takes', async () => {
  const root = storeOfFormat(2);
  let end = () => {};
  const removed = removeUnderLock(root, () => new Promise<void>((resolve) => (end = resolve)), {
    ops,
  });
  while (readGeneration(root) === GENERATION) await looks();
  let isHeld = false;
  const held = holdNames(root, ops).then((hold) => {
    isHeld = true;
    return hold;
  });
  await looks();
  expect(isHeld).toBe(false);
  const stop = new AbortController();
  const given = holdNames(root, ops, stop.signal);
  stop.abort('enough');
  await expect(given).rejects.toBe('enough');
  end();
  await removed;
  const { generation, release } = await held;
  expect(generation).toBe(readGeneration(root));
  release();
});

test('a removal that fails, and one that is aborted, hold nothing and keep no file open', async () => {
  const root = storeOfFormat(2);
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  const failing = () => Promise.reject(new Error('no'));
  await expect(removeUnderLock(root, failing, { ops })).rejects.toThrow('no');
  const signal = AbortSignal.abort('enough');
  await expect(removeUnderLock(root, () => {}, { ops, signal })).rejects.toBe('enough');
  expect(open()).toBe(before);
  (await holdNames(root, ops)).release();
  expect(open()).toBe(before);
});

test('a lock that is replaced just before it is taken is taken anew', async () => {
  const root = storeOfFormat(2);
  const { tryLock } = libc;
  onTestFinished(() => {
    libc.tryLock = tryLock;
  });
  let tries = 0;
  libc.tryLock = (fd, kind) => {
    // The gate comes first.
    if (tries++ === 1) {
      const aside = makeTree({ lock: '' }, join(root, '.ingot/aside'));
      fs.renameSync(join(aside, 'lock'), lockOf(root));
    }
    return tryLock(fd, kind);
  };
  const { release } = await holdNames(root, ops);
  expect(tries).toBe(3);
  const other = fs.openSync(lockOf(root), 'r+');
  expect(tryLock(other as never)).toBe(false);
  release();
  expect(tryLock(other as never)).toBe(true);
  fs.closeSync(other);
});

test.each([
  ['is missing', (path: string) => fs.unlinkSync(path)],
  ['is empty', (path: string) => fs.writeFileSync(path, '')],
  ['is something else', (path: string) => fs.writeFileSync(path, 'generation 5\n')],
])('a generation that %s is made anew', async (_, spoil) => {
  const root = storeOfFormat(2);
  spoil(join(root, '.ingot/generation'));
  const { generation, release } = await holdNames(root, ops);
  expect(generation).toMatch(/^[0-9a-f]{32}$/);
  expect(readGeneration(root)).toBe(generation);
  release();
});

test('a lock that was removed is made anew, with the rights of the store', async () => {
  const root = storeOfFormat(2);
  fs.chmodSync(root, 0o2770);
  fs.unlinkSync(lockOf(root));
  (await holdNames(root, ops)).release();
  expect(fs.statSync(lockOf(root)).mode & 0o777).toBe(0o660);
});

test.each(['lock', 'generation'])('a link in place of the %s is refused', async (name) => {
  const root = storeOfFormat(2);
  const path = join(root, '.ingot', name);
  const aside = makeTree({ file: `${GENERATION}\n` });
  fs.rmSync(path);
  fs.symlinkSync(join(aside, 'file'), path);
  await expect(holdNames(root, ops)).rejects.toMatchObject({ code: 'INGOT_BAD_METADATA', path });
  expect(fs.readFileSync(join(aside, 'file'), 'utf8')).toBe(`${GENERATION}\n`);
});
