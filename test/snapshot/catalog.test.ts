import fs from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openSnapshot, snapshots } from '../../src/snapshot/snapshot.ts';
import { Store } from '../../src/store/store.ts';
import { tempStore } from '../harness/temp-store.ts';
import { storeSnapshot } from './stored.ts';
import { all, directoryAt, fileAt } from './trees.ts';

const ENTRIES = [directoryAt(''), directoryAt('d'), fileAt('d/f', 'content'), fileAt('x', 'other')];
const CONTENTS = ['content', 'other'];

describe('the snapshots of a store', () => {
  it('are listed, the oldest first', async () => {
    const root = tempStore();
    const first = await storeSnapshot(root, ENTRIES, { label: 'nightly' });
    const second = await storeSnapshot(root, ENTRIES);
    const { snapshots: found, damaged } = await snapshots(root);
    expect(found.map(({ id, label }) => [id, label])).toEqual([
      [first, 'nightly'],
      [second, undefined],
    ]);
    expect(damaged).toEqual([]);
    expect(first < second).toBe(true);
  });

  it('are none in a store that never had one', async () => {
    const root = tempStore();
    await (await Store.open(root, { create: true })).close();
    expect(await snapshots(root)).toEqual({ snapshots: [], damaged: [] });
    await expect(openSnapshot(root, 'latest')).rejects.toThrow('the store has no snapshots');
  });

  it('that are damaged hide no others, and say what is wrong when they are named', async () => {
    const root = tempStore();
    const whole = await storeSnapshot(root, ENTRIES);
    const torn = await storeSnapshot(root, ENTRIES);
    const path = join(root, '.ingot', 'snapshots', torn);
    const bytes = fs.readFileSync(path);
    fs.rmSync(path);
    fs.writeFileSync(path, bytes.subarray(0, 40));
    fs.writeFileSync(join(root, '.ingot', 'snapshots', 'somebody-elses'), 'text');
    const { snapshots: found, damaged } = await snapshots(root);
    expect(found.map(({ id }) => id)).toEqual([whole]);
    expect(damaged.map(({ id, failure }) => [id, failure.code])).toEqual([
      [torn, 'INGOT_DAMAGED'],
      ['somebody-elses', 'INGOT_DAMAGED'],
    ]);
    await expect(openSnapshot(root, torn)).rejects.toThrow(`snapshot ${torn} is damaged`);
  });
});

describe('a snapshot that was opened', () => {
  it('gives its entries, and those of a part', async () => {
    const root = tempStore();
    await storeSnapshot(root, ENTRIES, { label: 'nightly' });
    const paths = async (name: string) =>
      (await all((await openSnapshot(root, name)).entries())).map(({ path }) => path);
    expect(await paths('latest')).toEqual(['d', 'd/f', 'x']);
    expect(await paths('nightly:d')).toEqual(['d/f']);
    expect(await paths('nightly:x')).toEqual(['x']);
    const whole = await openSnapshot(root, 'latest');
    expect((await all(whole.children())).map(({ path }) => path)).toEqual(['d', 'x']);
  });

  it('gives the content of a file, and of nothing else', async () => {
    const root = tempStore();
    await storeSnapshot(root, ENTRIES, { contents: CONTENTS });
    expect(await text(await (await openSnapshot(root, 'latest:d/f')).read())).toBe('content');
    await expect((await openSnapshot(root, 'latest:d')).read()).rejects.toThrow(
      'it is a directory',
    );
    await expect(openSnapshot(root, 'latest:nothing')).rejects.toThrow('no such path: nothing');
  });
});
