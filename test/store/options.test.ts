/** What the types forbid, and a caller without types gives all the same. */

import fs from 'node:fs';
import { join } from 'node:path';
import { ingest, isDigest, relayout, Store, UsageError, verify } from 'ingot';
import { expect, it } from 'vitest';
import { tempStore } from '../harness/temp-store.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const wrong = <T>(value: unknown): T => value as T;

it.each([
  [
    'durability',
    { durability: wrong<'none'>('Group') },
    /unknown durability: Group is none of group, file, none/,
  ],
  [
    'barrier',
    { barrier: wrong<'auto'>('sync') },
    /unknown barrier: sync is none of auto, syncfs, fsync/,
  ],
  ['layout', { layout: wrong<'flat'>('deep') }, /unknown layout: deep is none of flat, sharded/],
  ['report', { report: wrong<'all'>('some') }, /unknown report: some is none of all, problems/],
])('ingest refuses an unknown %s and makes no store', async (_, options, line) => {
  const folder = temporaryDirectory();
  const store = join(folder, 's');
  await expect(ingest(store, [folder], options)).rejects.toThrow(line);
  expect(fs.existsSync(store)).toBe(false);
});

it.each([
  ['durability', { durability: wrong<'none'>('bogus') }],
  ['layout', { layout: wrong<'flat'>('bogus') }],
])('Store.open refuses an unknown %s', async (_, options) => {
  const store = join(temporaryDirectory(), 's');
  const opened = Store.open(store, { create: true, ...options });
  await expect(opened).rejects.toThrow(/is none of/);
  await expect(opened).rejects.toBeInstanceOf(UsageError);
  expect(fs.existsSync(store)).toBe(false);
});

it('a store’s path is not empty: it would be the working directory', async () => {
  const before = process.cwd();
  const folder = temporaryDirectory();
  process.chdir(folder);
  try {
    await expect(ingest('', [folder])).rejects.toBeInstanceOf(UsageError);
    await expect(Store.open('', { create: true })).rejects.toBeInstanceOf(UsageError);
  } finally {
    process.chdir(before);
  }
  expect(fs.readdirSync(folder)).toEqual([]);
});

it('a dry run writes no manifest', async () => {
  const folder = temporaryDirectory();
  const options = { dryRun: true, manifest: join(folder, 'M') };
  const run = ingest(join(folder, 's'), [folder], options);
  await expect(run).rejects.toThrow(/a manifest lists what is stored/);
  expect(fs.readdirSync(folder)).toEqual([]);
});

it.each([undefined, null, 7, {}])('what is no text is no digest: %s', (value) => {
  expect(isDigest(value)).toBe(false);
});

it('relayout refuses an unknown layout and changes nothing', async () => {
  const root = tempStore();
  const before = fs.readFileSync(join(root, '.ingot/store.json'), 'utf8');
  await expect(relayout(root, wrong('deep'))).rejects.toBeInstanceOf(UsageError);
  expect(fs.readFileSync(join(root, '.ingot/store.json'), 'utf8')).toBe(before);
});

it.each(['/.ingot/store.json', '../other', 'G'.repeat(64), ''])(
  'what is no digest leads nowhere: %j',
  async (digest) => {
    const store = await Store.open(tempStore());
    for (const look of [
      store.get(wrong(digest)),
      store.has(wrong(digest)),
      store.stat(wrong(digest)),
    ])
      await expect(look).rejects.toThrow(/not a digest/);
  },
);

it.each([
  ['sample', 0],
  ['sample', -1],
  ['sample', 5],
  ['sample', Number.NaN],
  ['threads', 0],
  ['threads', Number.NaN],
])('verify refuses %s of %d', async (name, value) => {
  await expect(verify(tempStore(), { [name]: value })).rejects.toBeInstanceOf(UsageError);
});

it('verify needs no options', async () => {
  expect(await verify(tempStore())).toMatchObject({ checked: 0, damaged: 0 });
});
