import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { readReference } from '../../src/snapshot/catalog.ts';
import { hasSegments } from '../../src/snapshot/has-segments.ts';
import type { Root } from '../../src/snapshot/segment.ts';
import { engineAt } from '../../src/store/engines.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from './stored.ts';
import { directoryAt, numbered } from './trees.ts';

let store: string;
let root: Root;
beforeEach(async () => {
  store = join(temporaryDirectory(), 'store');
  const entries = [directoryAt(''), directoryAt('d'), ...numbered('d', 4_000)];
  const id = await storeSnapshot(store, entries);
  root = (await readReference(await engineAt(store).openReader('references'), id))!.root;
});

const reader = () => engineAt(store).openReader('segments');
const pathOf = (name: string) => join(store, '.ingot/segments', name);
const names = () => fs.readdirSync(pathOf(''));

async function without<T>(name: string, step: () => Promise<T>): Promise<T> {
  fs.renameSync(pathOf(name), join(store, 'aside'));
  try {
    return await step();
  } finally {
    fs.renameSync(join(store, 'aside'), pathOf(name));
  }
}

it('finds all of them, and reads none that has entries', async () => {
  const read: string[] = [];
  const each = await reader();
  const counting: typeof each = {
    ...{ stat: each.stat.bind(each), open: each.open.bind(each), list: each.list.bind(each) },
    remove: each.remove.bind(each),
    readWhole: (digest, most) => {
      read.push(digest);
      return each.readWhole(digest, most);
    },
  };
  expect(names().length).toBeGreaterThan(5);
  expect(await hasSegments(counting, root)).toBe(true);
  expect(read).toEqual([root.digest]);
});

it('misses each of those with entries', async () => {
  for (const name of names().filter((each) => each !== root.digest))
    expect(await without(name, async () => hasSegments(await reader(), root))).toBe(false);
});

it('throws what is wrong with one that leads to others', async () => {
  const look = async () => hasSegments(await reader(), root);
  await expect(without(root.digest, look)).rejects.toMatchObject({ code: 'INGOT_DAMAGED' });
});
