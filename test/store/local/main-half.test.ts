import fs from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, test } from 'vitest';
import type { Digest } from '../../../src/digest.ts';
import type { Durability } from '../../../src/store/choices.ts';
import { LocalMainHalf } from '../../../src/store/local/main-half.ts';
import { writeFormat } from '../../../src/store/local/on-disk/format.ts';
import { GENERATION, openOldWriter, storeOfFormat } from '../../harness/formats.ts';
import {
  errno,
  finish,
  openStoreWith,
  plant,
  recordingOps,
  strayNames,
  tempStore,
} from '../../harness/temp-store.ts';
import { temporaryDirectory } from '../../harness/tree.ts';

const options = (durability: Durability) => ({
  ...({ durability, barrier: 'fsync', verifyHits: false, dryRun: false, groups: 1 } as const),
});

test('a store.json that was found is made durable before anything else is in the store', async () => {
  for (const [durability, flushes] of [
    ['group', 1],
    ['file', 1],
    ['none', 0],
  ] as const) {
    const { ops, calls } = recordingOps();
    const half = await LocalMainHalf.open(tempStore(), options(durability), ops);
    half.end('done');
    const changes = calls.filter(({ name }) => name === 'fsyncSync' || name === 'mkdirSync');
    const first = changes.findIndex(({ name }) => name === 'mkdirSync');
    expect(
      changes.slice(0, first).map(({ path }) => /\.ingot$/.test(path)),
      durability,
    ).toEqual(flushes === 1 ? [true] : []);
    expect(changes[0]!.name).toBe(flushes === 1 ? 'fsyncSync' : 'mkdirSync');
  }
});

test('so is one that a relayout writes while the writer is opened', async () => {
  const root = tempStore('sharded');
  let isMoving = false;
  const { ops, calls } = recordingOps(({ name, path }) => {
    if (name === 'mkdirSync' && /\.tmp-/.test(path) && !isMoving) {
      isMoving = true;
      writeFormat(root, { format: 1, layout: 'flat', movingFrom: 'sharded' }, 'replace');
    }
    return undefined;
  });
  const half = await LocalMainHalf.open(root, options('group'), ops);
  half.end('done');
  expect(half.workerInit.format.layout).toBe('flat');
  const lastLock = calls.findLastIndex(
    ({ name, path }) => name === 'writeSync' && /lock$/.test(path),
  );
  const flush = calls.findLastIndex(
    ({ name, path }) => name === 'fsyncSync' && /ingot$/.test(path),
  );
  expect(flush).toBeGreaterThan(lastLock);
});

test('a store that another process creates meanwhile has the layout that was asked for, or is refused', async () => {
  const root = join(temporaryDirectory(), 'store');
  const { ops } = recordingOps(({ name }) => {
    if (name === 'linkSync') writeFormat(root, { format: 1, layout: 'flat' }, 'replace');
    return undefined;
  });
  const opened = LocalMainHalf.open(root, { ...options('group'), layout: 'sharded' }, ops);
  await expect(opened).rejects.toMatchObject({ code: 'INGOT_LAYOUT' });
});

test('the last flush covers both layouts while a relayout is under way', async () => {
  const root = tempStore('sharded');
  writeFormat(root, { format: 1, layout: 'flat', movingFrom: 'sharded' }, 'replace');
  const { ops, count } = recordingOps();
  const half = await LocalMainHalf.open(root, options('group'), ops);
  await half.flush();
  expect(half.flushes).toMatchObject({ directoryFlushes: 257 });
  for (const folder of [root, join(root, '00'), join(root, 'ff')])
    expect(count('fsyncSync', new RegExp(`^${folder}$`)), folder).toBe(1);
});

describe('what --durability none has stored', () => {
  const unflushed = async (root: string): Promise<Digest[]> => {
    const half = await LocalMainHalf.open(root, options('none'));
    const digests = [plant(root, 'flat', 'one'), plant(root, 'flat', 'two')];
    await finish(half);
    return digests;
  };
  const marksIn = (root: string) => fs.readdirSync(join(root, '.ingot', 'unflushed'));

  it('is flushed by the next that promises durability, and by no other', async () => {
    const root = tempStore();
    const digests = await unflushed(root);
    const again = recordingOps();
    await finish(await LocalMainHalf.open(root, options('none'), again.ops));
    // Only its mark, and the folder of marks, which another one may have left unflushed.
    for (const folder of [/unflushed$/, /\.ingot$/])
      expect(again.count('fsyncSync', folder)).toBe(1);
    expect(again.count('fsyncSync', /./)).toBe(2);
    expect(marksIn(root)).toHaveLength(2);
    for (const flushes of [1, 0]) {
      const { ops, calls, count } = recordingOps();
      await finish(await LocalMainHalf.open(root, options('group'), ops));
      for (const digest of digests) expect(count('fsyncSync', new RegExp(digest))).toBe(flushes);
      expect(calls.findLast(({ name }) => name === 'fsyncSync')!.path).toBe(root);
      expect(marksIn(root)).toEqual([]);
    }
  });

  it('is flushed by one syncfs where that is the barrier', async () => {
    const root = tempStore();
    await unflushed(root);
    const half = await LocalMainHalf.open(root, { ...options('group'), barrier: 'syncfs' });
    await half.flush();
    expect(half.flushes).toEqual({ barriers: 1, directoryFlushes: 1 });
  });

  it('keeps its mark as long as its writer lives', async () => {
    const root = tempStore();
    const writer = await LocalMainHalf.open(root, options('none'));
    await finish(await LocalMainHalf.open(root, options('file')));
    expect(marksIn(root)).toEqual([basename(writer.workerInit.writerFolder)]);
    writer.end('done');
    await finish(await LocalMainHalf.open(root, options('file')));
    expect(marksIn(root)).toEqual([]);
  });

  it('is stored anew by a put that hits it', async () => {
    const root = tempStore();
    const [one, two] = await unflushed(root);
    const inodeOf = (digest: string) => fs.statSync(join(root, digest)).ino;
    const before = [one!, two!].map(inodeOf);
    const { ops, count } = recordingOps();
    const store = await openStoreWith(ops, root);
    expect(await store.put(Buffer.from('one'))).toMatchObject({ outcome: 'duplicate' });
    await store.close();
    // The temp, the directory, and that of pins.
    expect(count('fsync', /./)).toBe(3);
    const after = [one!, two!].map(inodeOf);
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });

  it('fails who cannot flush it', async () => {
    const root = tempStore();
    const [one] = await unflushed(root);
    const { ops } = recordingOps(({ name, path }) =>
      name === 'fsyncSync' && path.endsWith(one!) ? errno('EIO', 'fsync') : undefined,
    );
    const half = await LocalMainHalf.open(root, options('group'), ops);
    await expect(half.flush()).rejects.toMatchObject({ code: 'EIO', syscall: 'fsync' });
    expect(marksIn(root)).toHaveLength(1);
  });
});

describe('a writer that records snapshots, where one of an older ingot is', () => {
  it('says so, waits, and leaves nothing when it is aborted', async () => {
    const root = storeOfFormat(1);
    const endOldWriter = await openOldWriter(root);
    const before = strayNames(root);
    for (const reason of [new Error('enough'), 'enough']) {
      const stop = new AbortController();
      const lines: string[] = [];
      const onWaiting = (line: string) => {
        lines.push(line);
        stop.abort(reason);
      };
      const recording = { ...options('group'), snapshots: true, signal: stop.signal, onWaiting };
      await expect(LocalMainHalf.open(root, recording)).rejects.toBe(reason);
      expect(lines).toHaveLength(1);
      expect(strayNames(root)).toEqual(before);
    }
    endOldWriter();
    const half = await LocalMainHalf.open(root, { ...options('group'), snapshots: true });
    expect(half.opened.generation).toMatch(/^[0-9a-f]{32}$/);
    await finish(half);
  });
});

test('what a killed process left of a generation is swept', async () => {
  const root = storeOfFormat(2);
  const temp = join(root, `.ingot/generation.ingot.tmp-${'0'.repeat(16)}`);
  fs.writeFileSync(temp, 'half a gen');
  const half = await LocalMainHalf.open(root, options('group'));
  expect(half.opened).toMatchObject({ swept: 1, generation: GENERATION });
  expect(fs.existsSync(temp)).toBe(false);
  await finish(half);
});

test('what a run without flushes lost goes under the lock, as its flush has to show', async () => {
  const root = storeOfFormat(2);
  await finish(await LocalMainHalf.open(root, options('none')));
  const damaged = plant(root, 'flat', 'content', 'CONTENT');
  const half = await LocalMainHalf.open(root, options('group'));
  const other = await LocalMainHalf.open(root, options('group'));
  const hold = await other.hold();
  const flushed = half.flush();
  flushed.catch(() => {});
  await delay(50);
  expect(fs.existsSync(join(root, damaged))).toBe(true);
  hold.release();
  await expect(flushed).rejects.toMatchObject({ code: 'INGOT_LOST' });
  expect((await other.hold()).generation).not.toBe(other.opened.generation);
  await half.end('failed');
  await other.end('done');
});
