/** Differences as users get them: of snapshots, of parts of them, and of directories. */
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import type { Failure } from '../../../src/errors.ts';
import { escapeName } from '../../../src/names.ts';
import type { Difference } from '../../../src/snapshot/diff/change.ts';
import { type DiffOptions, diff } from '../../../src/snapshot/diff/diff.ts';
import { type Entry, groupOf } from '../../../src/snapshot/entry.ts';
import { nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import { errno, tempStore } from '../../harness/temp-store.ts';
import { makeTree, type TreeLiteral } from '../../harness/tree.ts';
import { storeSnapshot } from '../stored.ts';
import { all, directoryAt, fileAt, numbered, sorted } from '../trees.ts';

afterEach(() => vi.restoreAllMocks());

const shown = (differences: readonly Difference[]) =>
  differences.map(({ path, change, fields }) => [change, path, ...fields].join(' '));

async function between(before: readonly Entry[], after: readonly Entry[], path = '') {
  const root = tempStore();
  const ids = [await storeSnapshot(root, before), await storeSnapshot(root, after)];
  return shown(await all(diff(root, `${ids[0]}:${path}`, `${ids[1]}:${path}`)));
}

it('a path that became a directory, or was one, is one difference', async () => {
  const here = [fileAt('a'), fileAt('a-b'), fileAt('a.txt')];
  const there = [directoryAt('a'), fileAt('a/x'), fileAt('a-b', 'new'), fileAt('a.txt', 'new')];
  expect(await between(here, there)).toEqual([
    ...['modified a-b digest', 'modified a.txt digest size', 'type a type', 'added a/x'],
  ]);
  expect(await between(there, here)).toEqual([
    ...['modified a-b digest', 'modified a.txt digest size', 'type a type', 'removed a/x'],
  ]);
  const names = ['a', 'a-', 'a--', 'a---'];
  expect(
    await between(
      names.map((name) => fileAt(name)),
      names.map(directoryAt),
    ),
  ).toEqual([...['type a--- type', 'type a-- type', 'type a- type', 'type a type']]);
  expect(
    await between(
      names.map((name) => fileAt(name)),
      [directoryAt('a-')],
    ),
  ).toEqual([...['removed a---', 'removed a--', 'type a- type', 'removed a']]);
});

it('parts of snapshots are compared by what lies below them', async () => {
  const root = tempStore();
  const tree = (name: string, edit = '') => [
    directoryAt(name),
    ...numbered('x', 3_000).map(
      (entry) => ({ ...entry, path: entry.path.replace('x', name), group: groupOf(name) }) as Entry,
    ),
    ...[fileAt(`${name}.txt`, edit), fileAt(`${name}/zz`, edit)],
  ];
  await storeSnapshot(root, sorted([...tree('one'), ...tree('three', 'edit'), ...tree('two')]));
  const found = async (a: string, b: string) => shown(await all(diff(root, a, b)));
  expect(await found('latest:one', 'latest:two')).toEqual([]);
  expect(await found('latest:one', 'latest:three')).toEqual(['modified zz digest size']);
  expect(await found('latest:one/zz', 'latest:three/zz')).toEqual(['modified  digest size']);
  expect(await found('latest:one/zz', 'latest:two/zz')).toEqual([]);
  const spy = vi.spyOn(fs, 'openSync');
  await found('latest:one', 'latest:two');
  const opened = spy.mock.calls.filter(([path]) => String(path).includes('/segments/')).length;
  spy.mockRestore();
  expect(opened).toBeLessThan(fs.readdirSync(join(root, '.ingot/segments')).length);
});

const TREE: TreeLiteral = {
  'd/same': 'same',
  'd/sub/deep': 'deep',
  link: { symlink: 'd/same' },
  fifo: { fifo: true },
  'odd\udc0a\udcff': 'odd',
  // Names that sort by bytes otherwise than as text, and around what lies in a directory.
  'sort/a': 'file',
  'sort/a-b': 'file',
  'sort/b/x': 'file',
  'sort/b-c': 'file',
  'sort/b.txt': 'file',
  'sort/\uffff': 'file',
  'sort/😀': 'file',
  'sort/\udc80': 'file',
};

/** What a snapshot of a directory says, by Node's own calls. */
function entriesOf(root: string): Entry[] {
  const found: Entry[] = [];
  const visit = (path: string, full: Buffer) => {
    const stats = fs.lstatSync(full, { bigint: true });
    const [uid, gid, mtime] = [Number(stats.uid), Number(stats.gid), stats.mtimeNs];
    const owned = { path, uid, gid, mtime };
    const mode = Number(stats.mode & 0o7777n);
    if (stats.isDirectory()) {
      found.push({ type: 'directory', mode, ...owned });
      for (const name of fs.readdirSync(full, { encoding: 'buffer' }))
        visit(
          (path && `${path}/`) + escapeName(name),
          Buffer.concat([full, Buffer.from('/'), name]),
        );
    } else if (stats.isFile()) {
      const digest = digestOf(fs.readFileSync(full));
      found.push({ type: 'file', mode, size: Number(stats.size), digest, ...owned });
    } else if (stats.isSymbolicLink()) {
      const target = escapeName(fs.readlinkSync(full, { encoding: 'buffer' }));
      found.push({ type: 'link', target, ...owned });
    } else found.push({ type: 'missing', path, why: 'fifo' });
  };
  visit('', Buffer.from(root));
  return found;
}

/** A directory, a store with its snapshot, and what a diff between them finds. */
async function taken(tree: TreeLiteral = TREE, mtime?: number) {
  const source = makeTree(tree);
  if (mtime !== undefined)
    for (const name of Object.keys(tree)) fs.utimesSync(join(source, name), mtime, mtime);
  const root = join(makeTree({}), 's');
  await storeSnapshot(root, entriesOf(source));
  const differences = async (options: DiffOptions = {}) =>
    shown(await all(diff(root, 'latest', source, options)));
  return { source, root, differences };
}

it('a directory that was not touched is what its snapshot says', async () => {
  const { source, root, differences } = await taken();
  expect(await differences()).toEqual([]);
  expect(await differences({ checksum: true })).toEqual([]);
  expect(await all(diff(root, source, 'latest:'))).toEqual([]);
  expect(await all(diff(root, `${source}/d`, 'latest:d'))).toEqual([]);
  expect(await all(diff(root, source, source))).toEqual([]);
  expect(await all(diff(root, `${source}/d/same`, 'latest:d/same'))).toEqual([]);
});

it('what was done to a directory is found', async () => {
  const { source, differences } = await taken();
  const at = (path: string) => join(source, path);
  const { atime, mtime } = fs.statSync(at('d'));
  fs.rmSync(at('link'));
  fs.symlinkSync('elsewhere', at('link'));
  fs.rmSync(at('fifo'));
  fs.writeFileSync(at('fifo'), 'a file');
  fs.writeFileSync(at('d/new'), '');
  fs.chmodSync(at('d/same'), 0o600);
  fs.rmSync(at('d/sub'), { recursive: true });
  fs.writeFileSync(at('d/sub'), '');
  fs.utimesSync(at('d'), atime, mtime);
  const found = (await differences()).map((line) => line.replace(/ mtime$/, ''));
  expect(found).toEqual([
    ...['metadata ', 'metadata d', 'added d/new', 'metadata d/same mode'],
    ...['type d/sub type', 'removed d/sub/deep', 'type fifo type', 'modified link target'],
  ]);
});

it('a file is read where its time is another one, and with checksum always', async () => {
  const { source, differences } = await taken({ a: 'one', b: 'two', c: 'three' }, 1);
  const write = (name: string, content: string, mtime: number) => {
    fs.writeFileSync(join(source, name), content);
    fs.utimesSync(join(source, name), mtime, mtime);
  };
  write('a', 'eno', 1);
  write('b', 'two', 2);
  write('c', 'other', 2);
  expect(await differences()).toEqual(['metadata b mtime', 'modified c digest mtime']);
  expect(await differences({ checksum: true })).toEqual([
    ...['modified a digest', 'metadata b mtime', 'modified c digest mtime'],
  ]);
});

it('the store in a directory is left out', async () => {
  const source = makeTree({ a: 'one' });
  const root = join(source, 'store');
  await storeSnapshot(
    root,
    entriesOf(source).filter(({ path }) => !path.startsWith('store')),
  );
  expect(shown(await all(diff(root, 'latest', source)))).toEqual(
    expect.not.arrayContaining([expect.stringContaining('store')]),
  );
});

it('what cannot be read is named, and nothing is said of it', async () => {
  const { source, differences } = await taken();
  fs.writeFileSync(join(source, 'd/same'), 'emas');
  const list = nodeDirectoryOps.readdirSync;
  vi.spyOn(nodeDirectoryOps, 'readdirSync').mockImplementation(((
    path: fs.PathLike,
    ...more: never[]
  ) => {
    if (path === join(source, 'd/sub')) throw errno('EACCES', 'scandir');
    return list(path, ...more);
  }) as typeof fs.readdirSync);
  vi.spyOn(fs.promises, 'open').mockRejectedValue(errno('EIO', 'open'));
  const failures: string[] = [];
  const onUnreadable = ({ path = '', code }: Failure) => failures.push(`${code} ${path}`);
  const found = await differences({ onUnreadable });
  expect(failures).toEqual([`EIO ${source}/d/same`, `EACCES ${source}/d/sub`]);
  expect(found).toEqual([]);
  await expect(differences()).rejects.toMatchObject({ code: 'EIO', path: `${source}/d/same` });
});
