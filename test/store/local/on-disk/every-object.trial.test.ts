import fs from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Digest } from '../../../../src/digest.ts';
import type { Layout } from '../../../../src/store/choices.ts';
import { listEveryObject } from '../../../../src/store/local/on-disk/every-object.ts';
import { writeFormat } from '../../../../src/store/local/on-disk/format.ts';
import { objectPath, otherLayout, SHARDS } from '../../../../src/store/local/on-disk/layout.ts';
import { relayoutStore as relayout } from '../../../../src/store/local/upkeep/relayout.ts';
import { verifyObjects } from '../../../../src/store/local/upkeep/verify-objects.ts';
import { plant, plantMany, tempStore, verifyHere } from '../../../harness/temp-store.ts';

/** More than a directory is read at a time. */
const OBJECTS = 3000;

test.each([
  ['flat', ['sharded']],
  ['sharded', ['flat']],
  ['flat', ['sharded', 'flat']],
  ['sharded', ['flat', 'sharded']],
] as const)(
  'relayouts that begin after a listing hide nothing from it: %s to %j',
  async (layout, route) => {
    const root = tempStore(layout);
    const planted = plantMany(root, layout, OBJECTS);
    const listing = listEveryObject(root);
    const met = new Set<Digest>([listing.next().value!]);
    for (const to of route) await relayout(root, to);
    for (const digest of listing) met.add(digest);
    expect([...met].sort()).toEqual(planted);
  },
);

test.each([
  ['flat', 'sharded'],
  ['sharded', 'flat'],
] as const)(
  'objects that move beside it are met, whatever store.json says of the direction: from %s',
  (from, to) => {
    for (const layout of [from, to] satisfies Layout[]) {
      const root = tempStore(from);
      const planted = plantMany(root, from, OBJECTS);
      for (const shard of SHARDS) fs.mkdirSync(join(root, shard), { recursive: true });
      writeFormat(root, { format: 1, layout, movingFrom: otherLayout(layout) }, 'replace');
      const listing = listEveryObject(root);
      const met = new Set<Digest>([listing.next().value!]);
      for (const digest of planted)
        fs.renameSync(objectPath(root, from, digest), objectPath(root, to, digest));
      for (const digest of listing) met.add(digest);
      expect([...met].sort()).toEqual(planted);
    }
  },
);

test('where nothing moves nothing is met twice', () => {
  const root = tempStore('sharded');
  const planted = [...plantMany(root, 'flat', 50), plant(root, 'sharded', 'one more')];
  expect([...listEveryObject(root)].sort()).toEqual(planted.sort());
  writeFormat(root, { format: 1, layout: 'sharded', movingFrom: 'flat' }, 'replace');
  expect([...listEveryObject(root)].sort()).toEqual(planted.sort());
});

test('a store whose times go on by themselves is listed to an end', () => {
  const root = tempStore();
  const planted = plantMany(root, 'flat', 3);
  const { opendirSync, statSync } = fs;
  let listings = 0n;
  // What a cache holds is the same until some time has passed.
  const open = vi.spyOn(fs, 'opendirSync').mockImplementation((...args) => {
    listings++;
    return opendirSync(...args);
  });
  const look = vi
    .spyOn(fs, 'statSync')
    .mockImplementation(((...args: [string, { bigint: true }]) =>
      Object.assign(statSync(...args), { mtimeNs: listings })) as typeof fs.statSync);
  onTestFinished(() => {
    open.mockRestore();
    look.mockRestore();
  });
  const met: Digest[] = [];
  for (const digest of listEveryObject(root)) if (met.push(digest) > 100) break;
  expect(met.length).toBeLessThan(100);
  expect([...new Set(met)].sort()).toEqual(planted);
});

test('a verify that a relayout overtakes checks every object, and tells of damage once', async () => {
  const root = tempStore();
  plantMany(root, 'flat', OBJECTS);
  const damaged = Array.from({ length: 20 }, (_, n) => plant(root, 'flat', `good ${n}`, 'bad'));
  const told: Digest[] = [];
  const checked = new Set<Digest>();
  let batches = 0;
  const report = await verifyHere(root, {
    onDamaged: ({ digest }) => told.push(digest),
    runBatch: async (digests) => {
      for (const digest of digests) checked.add(digest);
      const batch = verifyObjects(root, 'flat', digests);
      if (batches++ === 0) await relayout(root, 'sharded');
      return batch;
    },
  });
  expect(checked.size).toBe(OBJECTS + 20);
  expect(told.sort()).toEqual(damaged.sort());
  expect(report.damaged).toBe(20);
});

test('what a relayout moves before its quarantine is quarantined where it lies then', async () => {
  const root = tempStore();
  plantMany(root, 'flat', OBJECTS);
  for (let n = 0; n < 20; n++) plant(root, 'flat', `good ${n}`, 'bad');
  for (const shard of SHARDS) fs.mkdirSync(join(root, shard));
  let isMoved = false;
  const report = await verifyHere(root, {
    quarantine: true,
    runBatch: async (digests) => {
      const batch = verifyObjects(root, 'flat', digests);
      if (isMoved || batch.damaged.length === 0) return batch;
      // Checked in one place, and moved before it is judged.
      isMoved = true;
      writeFormat(root, { format: 1, layout: 'sharded', movingFrom: 'flat' }, 'replace');
      for (const { digest, path } of batch.damaged)
        fs.renameSync(path, objectPath(root, 'sharded', digest));
      return batch;
    },
  });
  expect(isMoved).toBe(true);
  expect(report).toMatchObject({ damaged: 20, quarantined: 20 });
  expect((await verifyAgain(root)).damaged).toBe(0);
});

const verifyAgain = (root: string) =>
  verifyHere(root, {
    runBatch: async (digests) => verifyObjects(root, 'flat', digests),
  });
