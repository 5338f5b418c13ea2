import fs from 'node:fs';
import { expect, test } from 'vitest';
import { identityOf, SourceRoots } from '../../../src/sources/walk/source-roots.ts';
import { demandMounts, demandProgram, startBindfs, unmount } from '../../harness/mounts.ts';
import { directoryInMemory, makeTree } from '../../harness/tree.ts';

/** Another directory of that name: the first one stays where it is, and so does its inode. */
function replace(path: string): void {
  fs.renameSync(path, `${path}.old`);
  fs.mkdirSync(path);
}

test('parts of sources are looked at on request', () => {
  const root = makeTree({ 'd/f': '', 'mnt/f': '' }, directoryInMemory());
  const roots = new SourceRoots();
  roots.addFolder(`${root}/d`);
  roots.addFolder(`${root}/missing`);
  roots.addMount(`${root}/mnt`, 7);
  expect(roots.lost({ parts: true })).toEqual([]);
  replace(`${root}/d`);
  fs.rmSync(`${root}/mnt`, { recursive: true });
  expect(roots.lost({ parts: false })).toEqual([]);
  const lost = roots.lost({ parts: true }).map(({ path, code }) => [path, code]);
  expect(lost).toEqual([
    [`${root}/d`, 'INGOT_SOURCE_REPLACED'],
    [`${root}/mnt`, 'ENOENT'],
  ]);
});

test('of a device the first directory is remembered, and of no more than a thousand', () => {
  const root = makeTree({ 'a/b/f': '', 'c/f': '' }, directoryInMemory());
  const roots = new SourceRoots();
  roots.addMount(`${root}/a`, 1);
  roots.addMount(`${root}/a/b`, 1);
  for (let device = 2; device < 1000; device++) roots.addMount(root, device);
  roots.addMount(`${root}/c`, 1000);
  roots.addMount(`${root}/c`, 1001);
  for (const name of ['a/b', 'a', 'c']) replace(`${root}/${name}`);
  const lost = roots.lost({ parts: true }).map(({ path }) => path);
  expect(lost).toEqual([`${root}/a`, `${root}/c`]);
});

test('a source is one however often it is named, and a directory only by what it is', () => {
  const root = makeTree({ d: { directory: true }, f: '' }, directoryInMemory());
  const roots = new SourceRoots();
  for (let n = 0; n < 2; n++) roots.addDirectory(`${root}/d`, identityOf(`${root}/d`));
  roots.addFile(`${root}/f`);
  fs.writeFileSync(`${root}/d/new`, '');
  fs.renameSync(`${root}/d/new`, `${root}/f`);
  expect(roots.lost({ parts: true })).toEqual([]);
  replace(`${root}/d`);
  replace(`${root}/f`);
  expect(roots.lost({ parts: true }).map(({ path }) => path)).toEqual([`${root}/d`, `${root}/f`]);
});

test('where inodes do not stay a directory is another one only on another device', async (context) => {
  demandMounts(context);
  demandProgram(context, 'bindfs');
  const { at } = await startBindfs(makeTree({ 'd/f': '' }));
  const roots = new SourceRoots();
  roots.addDirectory(`${at}/d`, identityOf(`${at}/d`));
  roots.addDirectory(at, identityOf(at));
  replace(`${at}/d`);
  expect(roots.lost({ parts: true })).toEqual([]);
  unmount(at);
  expect(roots.lost({ parts: true }).map(({ code }) => code)).toEqual([
    'ENOENT',
    'INGOT_SOURCE_REPLACED',
  ]);
});
