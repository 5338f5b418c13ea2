/** `--durability none` beside writers that promise durability. */
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { nodeFileOps } from '../../../../src/files/file-ops.ts';
import { type Libc, loadLibc } from '../../../../src/native/libc.ts';
import type { Durability } from '../../../../src/store/choices.ts';
import { LocalMainHalf } from '../../../../src/store/local/main-half.ts';
import { objectPath } from '../../../../src/store/local/on-disk/layout.ts';
import { quarantine } from '../../../../src/store/local/upkeep/quarantine.ts';
import { relayoutStore as relayout } from '../../../../src/store/local/upkeep/relayout.ts';
import { readBackUnflushed, unflushedMarks } from '../../../../src/store/local/upkeep/unflushed.ts';
import { LocalWorkerHalf } from '../../../../src/store/local/worker-half.ts';
import { Store } from '../../../../src/store/store.ts';
import {
  finish,
  libcWithoutRenameNew,
  openStoreWith,
  plant,
  recordingOps,
  strayNames,
  tempStore,
} from '../../../harness/temp-store.ts';

const BYTES = Buffer.from('content');
const DIGEST = digestOf(BYTES);

async function openWriter(root: string, durability: Durability, libc?: Libc, ops = nodeFileOps) {
  const options = { durability, barrier: 'fsync', verifyHits: false, dryRun: false } as const;
  const main = await LocalMainHalf.open(root, { ...options, groups: 1 }, ops);
  const worker = new LocalWorkerHalf(main.workerInit, 0, libc, ops);
  return { main, group: worker.openGroup((message) => main.answer(message)) };
}

test.each([
  ['renameat2', loadLibc],
  ['rename', libcWithoutRenameNew],
])('what was said to be durable is not replaced by what is not: %s', async (_, load) => {
  const root = tempStore();
  const path = objectPath(root, 'flat', DIGEST);
  const careless = await openWriter(root, 'none', await load());
  expect(careless.group.lookup(DIGEST, BYTES.length)).toBe('absent');
  careless.group.stage(DIGEST, BYTES);
  const durable = await openWriter(root, 'group');
  durable.group.stage(DIGEST, BYTES);
  await durable.group.commit();
  await finish(durable.main);
  const { ino } = fs.statSync(path);
  await careless.group.commit();
  await finish(careless.main);
  expect(fs.statSync(path).ino).toBe(ino);
  expect(strayNames(root)).toEqual([]);
});

test('a damaged object is replaced by what is not flushed, too', async () => {
  const root = tempStore();
  plant(root, 'flat', BYTES, 'too long a content');
  const careless = await openWriter(root, 'none', await loadLibc());
  expect(careless.group.lookup(DIGEST, BYTES.length)).toBe('damaged');
  careless.group.stage(DIGEST, BYTES);
  await careless.group.commit();
  await finish(careless.main);
  expect(fs.readFileSync(objectPath(root, 'flat', DIGEST), 'utf8')).toBe('content');
});

test.each(['syncfs', 'fsync'])(
  'a mark stays whose writer stores on during the flush: %s',
  async (barrier) => {
    const root = tempStore();
    plant(root, 'flat', 'other');
    const careless = await openWriter(root, 'none', await loadLibc());
    const storeOn = async () => {
      careless.group.stage(DIGEST, BYTES);
      await careless.group.commit();
      await finish(careless.main);
    };
    if (barrier === 'syncfs')
      await readBackUnflushed(root, 'flat', nodeFileOps, { syncfs: storeOn });
    else {
      // At the flush of the first object: what the writer does by then, and its end.
      let ended = false;
      const { ops } = recordingOps(({ name }) => {
        if (name === 'fsyncSync' && !ended) {
          ended = true;
          plant(root, 'flat', BYTES);
          careless.main.end('failed');
        }
        return undefined;
      });
      await readBackUnflushed(root, 'flat', ops);
      expect(ended).toBe(true);
    }
    expect(unflushedMarks(root).length).toBe(1);
    const { ops, count } = recordingOps();
    await readBackUnflushed(root, 'flat', ops);
    expect(count('fsyncSync', new RegExp(DIGEST))).toBe(1);
    expect(unflushedMarks(root)).toEqual([]);
  },
);

test('of an object in both layouts the one that is kept is flushed first', async () => {
  const root = tempStore('sharded');
  const digest = plant(root, 'flat', 'twice');
  plant(root, 'sharded', 'twice');
  const { ops, calls } = recordingOps();
  expect(await relayout(root, 'sharded', {}, ops)).toMatchObject({ merged: 1 });
  const kept = objectPath(root, 'sharded', digest);
  const flushed = calls.findIndex(({ name, path }) => name === 'fsyncSync' && path === kept);
  const removed = calls.findIndex(
    ({ name, path }) => name === 'unlinkSync' && path === join(root, digest),
  );
  expect(flushed).toBeGreaterThan(-1);
  expect(removed).toBeGreaterThan(flushed);
});

test('a writer ends when its names are durable, not before', async () => {
  const root = tempStore();
  const { ops, calls } = recordingOps();
  const { main } = await openWriter(root, 'group', undefined, ops);
  await finish(main);
  const flushed = calls.findLastIndex(({ name, path }) => name === 'fsyncSync' && path === root);
  const ended = calls.findIndex(({ name, path }) => name === 'unlinkSync' && /lock$/.test(path));
  expect(flushed).toBeGreaterThan(-1);
  expect(ended).toBeGreaterThan(flushed);
});

test('what a durable writer has repaired meanwhile is replaced by flushed bytes only', async () => {
  const root = tempStore();
  plant(root, 'flat', BYTES, 'too long a content');
  const { ops, calls } = recordingOps();
  const careless = await openWriter(root, 'none', await loadLibc(), ops);
  expect(careless.group.lookup(DIGEST, BYTES.length)).toBe('damaged');
  careless.group.stage(DIGEST, BYTES);
  await careless.group.commit();
  await finish(careless.main);
  const named = calls.findIndex(({ name, path }) => name === 'renameSync' && /\/\d+$/.test(path));
  const flushed = calls.findIndex(({ name, path }) => name === 'fsyncSync' && /\/\d+$/.test(path));
  expect(named).toBeGreaterThan(-1);
  expect(flushed).toBeGreaterThan(-1);
  expect(named).toBeGreaterThan(flushed);
});

test('Store.put without durability replaces nothing either', async () => {
  const root = tempStore();
  const path = objectPath(root, 'flat', DIGEST);
  let ino = 0;
  const { ops } = recordingOps(({ name }) => {
    // Between its look and its publication another one publishes.
    if (name === 'writeSync' && ino === 0 && !fs.existsSync(path) && careful) {
      plant(root, 'flat', BYTES);
      ino = fs.statSync(path).ino;
    }
    return undefined;
  });
  let careful = false;
  const store = await openStoreWith(ops, root, { durability: 'none' });
  await store.put(Buffer.from('first'));
  careful = true;
  await store.put(BYTES);
  await store.close();
  expect(ino).toBeGreaterThan(0);
  expect(fs.statSync(path).ino).toBe(ino);
});

test('only what is called as a writer is a mark', async () => {
  const root = tempStore();
  const folder = join(root, '.ingot', 'unflushed');
  fs.mkdirSync(folder);
  fs.writeFileSync(join(folder, 'letter'), 'mine');
  await finish((await openWriter(root, 'group')).main);
  expect(fs.readdirSync(folder)).toEqual(['letter']);
});

describe('a hit that another one finds lost meanwhile', () => {
  /** Stored without flushes, and not on the disk. */
  async function loseObject(root: string): Promise<void> {
    const careless = await openWriter(root, 'none', await loadLibc());
    careless.group.stage(DIGEST, BYTES);
    await careless.group.commit();
    await finish(careless.main);
    const path = objectPath(root, 'flat', DIGEST);
    fs.chmodSync(path, 0o644);
    fs.writeFileSync(path, Buffer.alloc(BYTES.length));
  }
  const settle = (root: string) =>
    expect(readBackUnflushed(root, 'flat', nodeFileOps)).rejects.toMatchObject({
      code: 'INGOT_LOST',
    });

  test('fails the ingest that has counted on it', async () => {
    const root = tempStore();
    await loseObject(root);
    const { main, group } = await openWriter(root, 'group', await loadLibc());
    expect(group.lookup(DIGEST, BYTES.length)).toBe('present');
    await settle(root);
    expect(unflushedMarks(root)).toEqual([]);
    await expect(main.flush()).rejects.toMatchObject({
      code: 'INGOT_LOST',
      path: objectPath(root, 'flat', DIGEST),
    });
  });

  test('fails none when it was stored anew', async () => {
    const root = tempStore();
    await loseObject(root);
    const { main } = await openWriter(root, 'group', await loadLibc());
    await settle(root);
    plant(root, 'flat', BYTES);
    await finish(main);
    // Nor a later one: it cannot have met it.
    fs.rmSync(objectPath(root, 'flat', DIGEST));
    await finish((await openWriter(root, 'group')).main);
  });

  test('is stored anew by a put', async () => {
    const root = tempStore();
    const store = await Store.open(root);
    await store.put(Buffer.from('first'));
    await loseObject(root);
    const lost = vi.spyOn(fs, 'readdirSync').mockImplementationOnce(((folder: string) => {
      // Before its first look at the marks another one settles them.
      const marks = fs.readdirSync(folder);
      quarantine(root, { digest: DIGEST, path: objectPath(root, 'flat', DIGEST) });
      for (const mark of marks) fs.unlinkSync(join(folder, mark));
      return [];
    }) as never);
    onTestFinished(() => lost.mockRestore());
    await store.put(BYTES);
    await store.close();
    expect(unflushedMarks(root)).toEqual([]);
    expect(fs.readFileSync(objectPath(root, 'flat', DIGEST))).toEqual(BYTES);
  });
});
