import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { history } from '../../src/snapshot/history.ts';
import { snapshots } from '../../src/snapshot/snapshot.ts';
import { tempStore } from '../harness/temp-store.ts';
import { storeSnapshot } from './stored.ts';
import { all, directoryAt, fileAt } from './trees.ts';

it('a path of any spelling has its versions', async () => {
  const root = tempStore();
  await storeSnapshot(root, [directoryAt('d'), fileAt('d/a:b\udc0ac')]);
  for (const path of ['d/a:b\nc', './d//a:b\udc0ac', '/d/a:b\nc'])
    expect((await all(history(root, path))).map(({ change }) => change)).toEqual(['added']);
  expect(await all(history(root, 'nothing'))).toEqual([]);
  await expect(all(history(root, '../d'))).rejects.toMatchObject({ name: 'UsageError' });
});

it('nothing became of a path where the tree is the same, or only another path is not', async () => {
  const root = tempStore();
  await storeSnapshot(root, [fileAt('a'), fileAt('b')]);
  await storeSnapshot(root, [fileAt('a'), fileAt('b')]);
  await storeSnapshot(root, [fileAt('a'), fileAt('b', 'new')]);
  expect((await all(history(root, 'a'))).length).toBe(1);
});

it('a snapshot that cannot be read is named, and has no version', async () => {
  const root = tempStore();
  for (const content of ['1', '2', '3']) await storeSnapshot(root, [fileAt('a', content)]);
  const [, second] = (await snapshots(root)).snapshots;
  fs.rmSync(join(root, '.ingot/segments', second!.root.digest));
  const damaged: string[] = [];
  const versions = await all(history(root, 'a', { onDamaged: ({ id }) => damaged.push(id) }));
  expect(versions.map(({ change }) => change)).toEqual(['added', 'modified']);
  expect(damaged).toEqual([second!.id]);
  await expect(all(history(root, 'a'))).rejects.toThrow('is damaged');
});
