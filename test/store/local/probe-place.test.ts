import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadLibc } from '../../../src/native/libc.ts';
import { PROBE_PREFIX } from '../../../src/store/local/on-disk/format.ts';
import { openProbePlace } from '../../../src/store/local/probe-place.ts';
import { signOf, writerFolders } from '../../../src/store/local/writers/writer.ts';
import { Store } from '../../../src/store/store.ts';
import { strayNames, tempStore } from '../../harness/temp-store.ts';
import { makeTree, temporaryDirectory } from '../../harness/tree.ts';

const libc = (await loadLibc())!;

/** What a doctor that was killed leaves. */
function plantKilled(directory: string): string {
  const folder = join(directory, PROBE_PREFIX + '0123'.repeat(8));
  makeTree({ lock: '', 'rates/objects/5': 'x' }, folder);
  return folder;
}

describe('a doctor', () => {
  it('is a writer in a store, and sweeps what dead ones left', async () => {
    const root = tempStore();
    makeTree({ '.tmp-dead0000000000000000000000000000/lock': 'flat\n' }, root);
    const place = await openProbePlace(root, libc);
    expect(place).toMatchObject({ kind: 'store', directory: root, swept: 1 });
    expect(await writerFolders(root, libc)).toEqual([place.folder]);
    expect(signOf(place.folder!, libc)).toMatchObject({ alive: true, layout: 'flat' });
    fs.writeFileSync(join(place.folder, 'x'), '');
    place.close(true);
    expect(strayNames(root)).toEqual([]);
  });

  it('probes an empty directory itself: it may be the mount point of a disk', async () => {
    const root = temporaryDirectory();
    fs.mkdirSync(join(root, 'lost+found'));
    const place = await openProbePlace(root, libc);
    expect(place).toMatchObject({ kind: 'empty', directory: root, layout: undefined });
    expect(place.folder.startsWith(join(root, PROBE_PREFIX))).toBe(true);
    place.close(true);
    expect(fs.readdirSync(root)).toEqual(['lost+found']);
  });

  it('probes the nearest directory above a path that is not there, and makes none', async () => {
    const above = temporaryDirectory();
    const place = await openProbePlace(join(above, 'a/b/store'), libc);
    expect(place).toMatchObject({ kind: 'missing', directory: above });
    expect(fs.readdirSync(above)).toHaveLength(1);
    place.close(true);
    expect(fs.readdirSync(above)).toEqual([]);
  });

  it('probes a directory of something else and touches nothing of it', async () => {
    const root = makeTree({ mine: 'x', '.tmp-mine/lock': '', '.tmp-ingot': 'y' });
    const place = await openProbePlace(root, libc);
    expect(place).toMatchObject({ kind: 'other directory', directory: root, swept: 0 });
    place.close(true);
    expect(fs.readdirSync(root).sort()).toEqual(['.tmp-ingot', '.tmp-mine', 'mine']);
  });

  it.each(['file', 'file/store', 'file/a/store'])(
    'refuses %s: it cannot be a store',
    async (path) => {
      const root = makeTree({ file: 'x' });
      await expect(openProbePlace(join(root, path), libc)).rejects.toMatchObject({
        code: 'INGOT_NOT_A_STORE',
      });
      expect(fs.readdirSync(root)).toEqual(['file']);
    },
  );
});

describe('what a killed doctor left', () => {
  it('is swept by the next one there', async () => {
    const root = temporaryDirectory();
    plantKilled(root);
    const place = await openProbePlace(join(root, 'store'), libc);
    expect(place.swept).toBe(1);
    place.close(true);
    expect(fs.readdirSync(root)).toEqual([]);
  });

  it('is kept while its owner lives, and where nobody can be known to be dead', async () => {
    const root = temporaryDirectory();
    const other = await openProbePlace(root, libc);
    const place = await openProbePlace(root, libc);
    expect(place).toMatchObject({ kind: 'empty', swept: 0 });
    expect(await openProbePlace(root, undefined)).toMatchObject({ swept: 0 });
    expect(fs.existsSync(other.folder)).toBe(true);
    other.close(true);
    place.close(true);
  });

  it('does not keep an empty directory from becoming a store, whose first writer sweeps it', async () => {
    const root = temporaryDirectory();
    const left = plantKilled(root);
    const store = await Store.open(root, { create: true });
    await store.put(Buffer.from('x'));
    await store.close();
    expect(fs.existsSync(left)).toBe(false);
    expect(strayNames(root)).toEqual([]);
  });
});
