/** What a relayout does in which order, and when the store changes under it. */
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { readFormat } from '../../../../src/store/local/on-disk/format.ts';
import { listLayout, objectPath, otherLayout } from '../../../../src/store/local/on-disk/layout.ts';
import { relayoutStore as relayout } from '../../../../src/store/local/upkeep/relayout.ts';
import {
  type Call,
  errno,
  libcWithoutRenameNew,
  plant,
  plantMany,
  recordingOps,
  tempStore,
} from '../../../harness/temp-store.ts';

const renaming = libcWithoutRenameNew();

const movesObject = ({ name, path }: Call) =>
  name === 'renameSync' && /^[0-9a-f]{64}$/.test(basename(path));

test('where not all shards find room, objects that move to the others make it', async () => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 100);
  let moves = 0;
  const formats = new Set<string>();
  const { ops } = recordingOps((call) => {
    if (movesObject(call)) {
      moves++;
      formats.add(JSON.stringify(readFormat(root)));
    }
    const noRoom = call.name === 'mkdirSync' && basename(call.path) >= '80' && moves === 0;
    return noRoom ? errno('ENOSPC', 'mkdir') : undefined;
  });
  const report = await relayout(root, 'sharded', {}, ops, renaming);
  expect(report).toEqual({ layout: 'sharded', moved: 100, merged: 0 });
  expect([...listLayout(root, 'sharded')].sort()).toEqual(digests);
  // Writers stay in the flat layout until every shard is there; readers look in both.
  expect([...formats].map((format) => JSON.parse(format))).toEqual([
    { format: 1, layout: 'flat', movingFrom: 'sharded' },
    { format: 1, layout: 'sharded', movingFrom: 'flat' },
  ]);
});

test('where no shard finds room it fails, and nothing has moved', async () => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 10);
  const { ops } = recordingOps(({ name }) =>
    name === 'mkdirSync' ? errno('ENOSPC', 'mkdir') : undefined,
  );
  await expect(relayout(root, 'sharded', {}, ops, renaming)).rejects.toMatchObject({
    code: 'ENOSPC',
    path: join(root, '00'),
  });
  expect(readFormat(root)).toEqual({ format: 1, layout: 'flat' });
  expect([...listLayout(root, 'flat')].sort()).toEqual(digests);
});

test('an object that a verify moves aside between its listing and its move is passed over', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 3);
  let isFirst = true;
  const { ops } = recordingOps((call) => {
    if (movesObject(call) && isFirst) {
      isFirst = false;
      fs.rmSync(call.path);
    }
    return undefined;
  });
  expect(await relayout(root, 'sharded', {}, ops, renaming)).toMatchObject({ moved: 2 });
});

test('an object that is there and cannot be moved fails it, and is named', async () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'x');
  const { ops } = recordingOps((call) => (movesObject(call) ? errno('ENOENT') : undefined));
  await expect(relayout(root, 'sharded', {}, ops, renaming)).rejects.toMatchObject({
    code: 'ENOENT',
    path: objectPath(root, 'flat', digest),
  });
});

test.each([
  ['sharded', 'last'],
  ['flat', 'first'],
] as const)(
  'new names are flushed before those that are gone: to %s the top comes %s',
  async (to, when) => {
    const from = otherLayout(to);
    const root = tempStore(from);
    plantMany(root, from, 20);
    const { ops, calls } = recordingOps();
    await relayout(root, to, {}, ops, renaming);
    const end = calls.findLastIndex(({ name, path }) => name === 'renameSync' && /json/.test(path));
    const flushed = calls
      .slice(calls.findLastIndex(movesObject), end)
      .filter(({ name, path }) => name === 'fsyncSync' && !path.includes('.ingot'))
      .map(({ path }) => path);
    expect(flushed).toHaveLength(257);
    expect(flushed.at(when === 'last' ? -1 : 0)).toBe(root);
  },
);

test('a shard that somebody has removed is none to flush', async () => {
  const root = tempStore('sharded');
  fs.rmdirSync(join(root, '00'));
  expect(await relayout(root, 'flat')).toMatchObject({ layout: 'flat' });
});
