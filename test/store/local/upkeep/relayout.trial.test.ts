import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { nodeFileOps } from '../../../../src/files/file-ops.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { readFormat, writeFormat } from '../../../../src/store/local/on-disk/format.ts';
import { listLayout, objectPath, otherLayout } from '../../../../src/store/local/on-disk/layout.ts';
import { relayoutStore as relayout } from '../../../../src/store/local/upkeep/relayout.ts';
import { Writer } from '../../../../src/store/local/writers/writer.ts';
import type { RelayoutProgress } from '../../../../src/store/seam/upkeep.ts';
import { Store } from '../../../../src/store/store.ts';
import {
  errno,
  libcWithoutRenameNew,
  listed,
  listSorted,
  plant,
  plantMany,
  recordingOps,
  strayNames,
  tempStore,
} from '../../../harness/temp-store.ts';

const libc = (await loadLibc())!;
const renaming = libcWithoutRenameNew();

test.each(['flat', 'sharded'] as const)(
  'all objects of a store that is %s move to the other layout',
  async (from) => {
    const to = otherLayout(from);
    const root = tempStore(from);
    const digests = plantMany(root, from, 600);
    const progress: RelayoutProgress[] = [];
    expect(await relayout(root, to, { onProgress: (state) => progress.push(state) })).toEqual({
      layout: to,
      moved: 600,
      merged: 0,
    });
    expect([...listLayout(root, to)].sort()).toEqual(digests);
    expect([...listLayout(root, from)]).toEqual([]);
    expect(readFormat(root)).toEqual({ format: 1, layout: to });
    const whole = { total: 600, fractionDone: 1, secondsLeft: 0 };
    expect(progress.at(-1)).toMatchObject({ found: 600, counting: false, moved: 600, ...whole });
    const shards = fs.readdirSync(root).filter((name) => name.length === 2);
    expect(shards).toHaveLength(to === 'sharded' ? 256 : 0);
    expect(strayNames(root)).toEqual([]);
  },
);

test('a store that has the layout already is left alone', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 3);
  const { ops, count } = recordingOps();
  expect(await relayout(root, 'flat', {}, ops)).toEqual({ layout: 'flat', moved: 0, merged: 0 });
  expect(count('renameSync')).toBe(0);
});

test('the new format is durable before the first move, the moves before the last format', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 2);
  const { ops, calls } = recordingOps();
  await relayout(root, 'sharded', {}, ops, renaming);
  const steps = calls
    .filter(({ name }) => name === 'renameSync' || name === 'fsyncSync')
    .map(({ name, path }) => {
      if (name === 'renameSync') return /store\.json/.test(path) ? 'format' : 'move';
      return /\.ingot$/.test(path) ? 'format durable' : /json/.test(path) ? 'text' : 'flush';
    })
    .filter((step, n, all) => step !== all[n - 1]);
  expect(steps).toEqual([
    ...['flush', 'text', 'format', 'format durable'],
    ...['move', 'flush', 'text', 'format', 'format durable'],
  ]);
});

test.each(['flat', 'sharded'] as const)(
  'a relayout that failed half-way from %s is finished, or taken back',
  async (from) => {
    for (const goal of [from, otherLayout(from)]) {
      const root = tempStore(from);
      const digests = plantMany(root, from, 100);
      let moves = 0;
      const { ops } = recordingOps(({ name, path }) =>
        name === 'renameSync' && !/json/.test(path) && ++moves > 50 ? errno('EIO') : undefined,
      );
      await expect(relayout(root, otherLayout(from), {}, ops, renaming)).rejects.toMatchObject({
        code: 'EIO',
      });
      expect(readFormat(root)).toEqual({ format: 1, layout: otherLayout(from), movingFrom: from });
      const store = await Store.open(root);
      for (const digest of digests) expect(await store.has(digest)).toBe(true);
      expect(await listed(store)).toEqual(digests);
      await relayout(root, goal);
      expect([...listLayout(root, goal)].sort()).toEqual(digests);
      expect([...listLayout(root, otherLayout(goal))]).toEqual([]);
      expect(readFormat(root)).toEqual({ format: 1, layout: goal });
    }
  },
);

test('every step may be the last before a crash: no object is lost, a second run finishes', async () => {
  for (let fatal = 1; ; fatal++) {
    const root = tempStore();
    const digests = plantMany(root, 'flat', 4);
    let step = 0;
    const { ops } = recordingOps(({ name, path }) => {
      const changes =
        /^(rename|mkdir|fsync|unlink|rmdir)/.test(name) && !/\/[0-9a-f]{2}$/.test(path);
      return changes && ++step >= fatal ? errno('EIO') : undefined;
    });
    const crashed = await relayout(root, 'sharded', {}, ops, renaming).then(
      () => false,
      () => true,
    );
    expect(listSorted(root, 'flat')).toEqual(digests);
    await relayout(root, 'sharded');
    expect([...listLayout(root, 'sharded')].sort()).toEqual(digests);
    expect(readFormat(root)).toEqual({ format: 1, layout: 'sharded' });
    if (!crashed) break;
    expect(fatal).toBeLessThan(50);
  }
});

test('readers that opened before find every object while it moves', async () => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 2000);
  const store = await Store.open(root);
  let running = true;
  const moving = relayout(root, 'sharded').finally(() => {
    running = false;
  });
  let reads = 0;
  for (; running; reads++) {
    const digest = digests[reads % digests.length]!;
    expect(await store.has(digest)).toBe(true);
    expect(digestOf(Buffer.concat(await (await store.get(digest)).toArray()))).toBe(digest);
  }
  await moving;
  expect(reads).toBeGreaterThan(0);
});

test('writers that opened before are waited for, and what they published is moved too', async () => {
  const root = tempStore();
  const old = plant(root, 'flat', 'old');
  const store = await Store.open(root);
  const first = await store.put(Buffer.from('put before'));
  const waiting: number[] = [];
  const moving = relayout(root, 'sharded', { onWaiting: (writers) => waiting.push(writers) });
  await expect.poll(() => waiting).toEqual([1]);
  const second = await store.put(Buffer.from('put meanwhile'));
  expect(fs.existsSync(objectPath(root, 'flat', second.digest))).toBe(true);
  const young = await Store.open(root);
  const third = await young.put(Buffer.from('put by a new writer'));
  expect(fs.existsSync(objectPath(root, 'sharded', third.digest))).toBe(true);
  await store.close();
  await moving;
  expect(waiting).toEqual([1, 0]);
  await young.close();
  const all = [old, first.digest, second.digest, third.digest].sort();
  expect([...listLayout(root, 'sharded')].sort()).toEqual(all);
  expect([...listLayout(root, 'flat')]).toEqual([]);
});

test('a dead writer of the old layout is not waited for', async () => {
  const root = tempStore();
  plant(root, 'flat', 'x');
  fs.mkdirSync(join(root, '.tmp-dead0000000000000000000000000000'));
  fs.writeFileSync(join(root, '.tmp-dead0000000000000000000000000000', 'lock'), 'flat\n');
  await relayout(root, 'sharded', { onWaiting: () => expect.unreachable() });
  expect(readFormat(root)).toEqual({ format: 1, layout: 'sharded' });
});

test('a duplicate is found in the layout that is being left', async () => {
  const root = tempStore('sharded');
  plant(root, 'flat', 'not moved yet');
  writeFormat(root, { format: 1, layout: 'sharded', movingFrom: 'flat' }, 'replace');
  const store = await Store.open(root);
  expect(await store.put(Buffer.from('not moved yet'))).toMatchObject({ outcome: 'duplicate' });
  await store.close();
});

test.each([
  ['renameat2', Promise.resolve(libc)],
  ['rename', renaming],
])(
  'of an object in both layouts the sound one is kept, the damaged one quarantined: %s',
  async (_, calls) => {
    const root = tempStore('sharded');
    const twice = plant(root, 'sharded', 'twice');
    plant(root, 'flat', 'twice');
    const oldDamaged = plant(root, 'sharded', 'old is damaged');
    plant(root, 'flat', 'old is damaged', 'damaged');
    const newDamaged = plant(root, 'sharded', 'new is damaged', 'damaged');
    plant(root, 'flat', 'new is damaged');
    expect(await relayout(root, 'sharded', {}, nodeFileOps, calls)).toEqual({
      layout: 'sharded',
      moved: 1,
      merged: 2,
    });
    const read = (digest: typeof twice) =>
      fs.readFileSync(objectPath(root, 'sharded', digest), 'utf8');
    expect([twice, oldDamaged, newDamaged].map(read)).toEqual([
      'twice',
      'old is damaged',
      'new is damaged',
    ]);
    const [aside, ...rest] = fs.readdirSync(join(root, '.ingot', 'quarantine'));
    expect(aside!.startsWith(`${newDamaged}.`)).toBe(true);
    expect(rest).toEqual([]);
    expect([...listLayout(root, 'flat')]).toEqual([]);
  },
);

test('whom the owner lets read the store can read it after a relayout', async () => {
  const root = tempStore();
  const metadata = join(root, '.ingot', 'store.json');
  fs.chmodSync(metadata, 0o644);
  await relayout(root, 'sharded');
  expect(fs.statSync(metadata).mode & 0o777).toBe(0o644);
});

test('an object that is repaired while it moves is not replaced by the damaged one', async () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'content', 'damaged');
  const renameNew = (from: string, to: string) => {
    if (!fs.existsSync(to)) plant(root, 'sharded', 'content');
    return libc.renameNew(from, to);
  };
  const calls = Promise.resolve({ ...libc, renameNew });
  const report = await relayout(root, 'sharded', {}, nodeFileOps, calls);
  expect(report).toEqual({ layout: 'sharded', moved: 0, merged: 1 });
  expect(fs.readFileSync(objectPath(root, 'sharded', digest), 'utf8')).toBe('content');
  expect([...listLayout(root, 'flat')]).toEqual([]);
});

test('a second relayout at once fails, an interrupted one leaves a usable store', async () => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 5);
  const writer = Writer.open(root, { format: 1, layout: 'flat' }, libc);
  const abort = new AbortController();
  const moving = relayout(root, 'sharded', { signal: abort.signal });
  const second = relayout(root, 'flat');
  await expect(second).rejects.toMatchObject({ code: 'INGOT_RELAYOUT_RUNNING' });
  abort.abort();
  await expect(moving).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
  writer.close();
  const store = await Store.open(root);
  for (const digest of digests) expect(await store.has(digest)).toBe(true);
});

test('folders that hold other things than objects are left when a store becomes flat', async () => {
  const root = tempStore('sharded');
  fs.writeFileSync(join(root, 'ab', 'notes.txt'), 'x');
  await relayout(root, 'flat');
  expect(fs.readdirSync(root).sort()).toEqual(['.ingot', 'ab']);
});

test('is interrupted while it compares a large object that lies in both layouts, and keeps both', async () => {
  const root = tempStore();
  const size = 256 << 20;
  const digest = digestOf(Buffer.alloc(size));
  fs.mkdirSync(join(root, digest.slice(0, 2)), { recursive: true });
  const places = [objectPath(root, 'flat', digest), objectPath(root, 'sharded', digest)];
  for (const place of places) {
    fs.writeFileSync(place, '');
    fs.truncateSync(place, size);
  }
  const stop = new AbortController();
  // All until the first turn of the event loop in its reading goes before a timer.
  const run = relayout(root, 'sharded', { signal: stop.signal });
  setTimeout(() => stop.abort(), 1);
  await expect(run).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
  expect(places.map((place) => fs.existsSync(place))).toEqual([true, true]);
});
