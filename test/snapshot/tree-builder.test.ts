import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { toBytes } from '../../src/names.ts';
import type { FileStatus } from '../../src/native/file-status.ts';
import { BlockWriter } from '../../src/snapshot/block.ts';
import { type Entry, groupOf } from '../../src/snapshot/entry.ts';
import { TreeBuilder } from '../../src/snapshot/tree-builder.ts';
import {
  anyTree,
  blockOf,
  buildTree,
  directoryAt,
  fileAt,
  MemorySegments,
  numbered,
  readTree,
  sorted,
  writeTree,
} from './trees.ts';

async function built(entries: readonly Entry[]) {
  const segments = new MemorySegments();
  const tree = await buildTree(entries, segments);
  return { ...tree, entries: await readTree(tree.root, segments) };
}

const pathsOf = (entries: readonly Entry[]) => entries.map(({ path }) => path);

test('any tree is put together from blocks that come in any order', async () => {
  const withoutGroups = anyTree.map((entries) =>
    entries.map((entry) => (entry.type === 'file' ? { ...entry, group: undefined } : entry)),
  );
  const shuffled = withoutGroups.chain((entries) =>
    fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
  );
  await fc.assert(
    fc.asyncProperty(
      shuffled,
      fc.integer({ min: 100, max: 5_000 }),
      async ([tree, given], chunk) => {
        const segments = new MemorySegments();
        const { root, counts } = await buildTree(given, segments, { chunkBytes: chunk });
        expect(root).toEqual(await writeTree(tree, new MemorySegments()));
        const { directories, files, links, missing } = counts;
        expect(directories + files + links + missing).toBe(tree.length);
      },
    ),
  );
});

test('blocks of one directory are merged, be they few or more than memory is given for', async () => {
  for (const blocks of [3, 90]) {
    const builder = new TreeBuilder({ chunkBytes: 1 << 20 });
    builder.add('d', blockOf(directoryAt('d'), 'd'));
    const files: Entry[] = [];
    for (let at = 0; at < blocks; at++) {
      const writer = new BlockWriter();
      for (let n = 0; n < 2_000; n++) {
        const name = `${String(n).padStart(5, '0')}-${at}`;
        files.push(fileAt(`d/${name}`, name));
        writer.file(name, STATUS, {
          size: name.length,
          digest: fileAt('', name).digest,
          xattrs: '',
        });
      }
      builder.add('d', writer.take());
    }
    const { root } = await builder.build(new MemorySegments());
    const all = [directoryAt('d'), ...sorted(files)];
    expect(root).toEqual(await writeTree(all, new MemorySegments()));
  }
});

const { uid, gid } = fileAt('x') as Extract<Entry, { type: 'file' }>;
const STATUS: FileStatus = {
  ...{ mode: 0o100644, size: 0, device: 7, inode: 1, inodeLow: 1, links: 1, uid, gid },
  ...{ modifiedSeconds: 1_700_000_000, modifiedNanoseconds: 123_456_789 },
  ...{ changedSeconds: 0, changedNanoseconds: 0 },
};

describe('two entries of one name', () => {
  it('leave the tree with one of them, which says what it lacks', async () => {
    const tree = await built([fileAt('b', 'one'), fileAt('a'), fileAt('b', 'two'), fileAt('c')]);
    expect(pathsOf(tree.entries)).toEqual(['a', 'b', 'c']);
    expect(tree).toMatchObject({ complete: false, lacks: [['clash', 1]], counts: { files: 3 } });
  });

  it('leave out a directory that has the name of a file, with all in it', async () => {
    const inside = [directoryAt('a/d'), fileAt('a/f'), fileAt('a/d/g')];
    const between = [directoryAt('a-b'), fileAt('a-b/x'), fileAt('a.txt')];
    const tree = await built([fileAt('a'), directoryAt('a'), ...inside, ...between, fileAt('b')]);
    expect(pathsOf(tree.entries)).toEqual(['a', 'a-b', 'a-b/x', 'a.txt', 'b']);
    expect(tree).toMatchObject({ complete: false, lacks: [['clash', 1]] });
  });
});

test('a file whose name begins that of a directory is no obstacle to a shorter one behind', async () => {
  const paths = ['a-b', 'a-b-c/', 'a.x', 'a.x.y/', 'b/'];
  const tree = await built(
    paths.map((path) => (path.endsWith('/') ? directoryAt(path.slice(0, -1)) : fileAt(path))),
  );
  expect(pathsOf(tree.entries)).toEqual(['a-b', 'a-b-c', 'a.x', 'a.x.y', 'b']);
});

test('what has too long a path is left out, and is said to be lacking', async () => {
  const entries: Entry[] = [];
  for (let path = 'd'.repeat(250); entries.length < 270; path += `/${'d'.repeat(250)}`)
    entries.push(directoryAt(path), fileAt(`${path}/f`));
  const tree = await built(entries);
  expect(Math.max(...tree.entries.map(({ path }) => path.length))).toBeLessThanOrEqual(65_536);
  expect(tree.entries.length).toBeGreaterThan(250);
  expect(tree.lacks).toEqual([['ENAMETOOLONG', 1]]);
  expect(tree.complete).toBe(false);
});

test('a directory that nobody has told of is a mistake of the caller, and is said to be one', async () => {
  await expect(built([fileAt('x/y')])).rejects.toMatchObject({ code: 'INGOT_NOT_RECORDED' });
});

describe('the summary of a tree', () => {
  it('has its counts, its owners, and what it lacks', async () => {
    const tree = await built([
      { ...directoryAt(''), uid: 5 } as Entry,
      { ...directoryAt('d'), lacks: 'EACCES' } as Entry,
      { ...fileAt('f'), gid: 7 } as Entry,
      { type: 'missing', path: '"why":"EIO"', why: 'socket' },
      { type: 'missing', path: 'x', why: 'EACCES' },
    ]);
    const counts = { directories: 2, files: 1, links: 0, missing: 2 };
    const lacks = [
      ['EACCES', 2],
      ['socket', 1],
    ];
    expect(tree).toMatchObject({ counts, lacks, complete: false });
    expect(tree.uids).toEqual([5, 1000]);
    expect(tree.gids).toEqual([7, 1000]);
  });

  it.each(['socket', 'fifo', 'device', 'other', 'vanished'])(
    'is complete where only a %s is missing',
    async (why) => {
      const tree = await built([{ type: 'missing', path: 'x', why }]);
      expect(tree).toMatchObject({ complete: true, lacks: [[why, 1]] });
    },
  );
});

describe('hard links', () => {
  const status = (inode: number, more: Partial<FileStatus> = {}) => ({
    ...{ ...STATUS, links: 2, inode, inodeLow: inode },
    ...more,
  });
  const groupsIn = async (files: readonly [path: string, FileStatus, content?: string][]) => {
    const builder = new TreeBuilder({ chunkBytes: 4_000 });
    for (const directory of ['a', 'a-b', 'b'])
      builder.add(directory, blockOf(directoryAt(directory), directory));
    for (const [path, found, content = 'same'] of files) {
      const writer = new BlockWriter();
      const { digest, size } = fileAt(path, content);
      const [directory, name] = path.split('/') as [string, string];
      writer.file(name, found, { size, digest, xattrs: '' });
      builder.add(directory, writer.take(), true);
    }
    const segments = new MemorySegments();
    const { root } = await builder.build(segments);
    const entries = await readTree(root, segments);
    return entries.flatMap((entry) => (entry.type === 'file' ? [[entry.path, entry.group]] : []));
  };

  it('have a group, named by the first in the tree, whatever came first', async () => {
    const one = status(1);
    expect(
      await groupsIn([
        ['b/x', one],
        ['a/y', one],
        ['a-b/z', one],
        ['b/alone', status(2)],
      ]),
    ).toEqual([
      ['a-b/z', groupOf('a-b/z')],
      ['a/y', groupOf('a-b/z')],
      ['b/alone', undefined],
      ['b/x', groupOf('a-b/z')],
    ]);
  });

  it.each([
    ['of other files', status(1), status(2), 'same'],
    ['of inodes that round to one number', status(1), status(1, { inodeLow: 2 }), 'same'],
    ['on other devices', status(1), status(1, { device: 8 }), 'same'],
    ['that changed between two looks', status(1), status(1, { mode: 0o100600 }), 'same'],
    ['whose contents differ', status(1), status(1), 'other'],
  ])('%s have none', async (_, one, other, content) => {
    expect(
      await groupsIn([
        ['a/x', one, 'same'],
        ['b/x', other, content],
      ]),
    ).toEqual([
      ['a/x', undefined],
      ['b/x', undefined],
    ]);
  });

  it('keep their extended attributes behind the group', async () => {
    const builder = new TreeBuilder();
    const xattrs = ',"xattrs":[["user.ö","AA=="]]';
    for (const name of ['x', 'y']) {
      const writer = new BlockWriter();
      writer.file(name, status(1), { size: 1, digest: fileAt('', 'c').digest, xattrs });
      builder.add('', writer.take(), true);
    }
    const segments = new MemorySegments();
    const { root } = await builder.build(segments);
    const [entry] = await readTree(root, segments);
    expect(entry).toMatchObject({ group: groupOf('x'), xattrs: [{ name: 'user.ö' }] });
  });
});

test('names that are no UTF-8 keep their bytes', async () => {
  const names = ['\udcff', 'é', '\udc0a'];
  const tree = await built(names.map((name) => fileAt(name)));
  const found = pathsOf(tree.entries).map((path) => toBytes(path).toString('hex'));
  expect(found).toEqual(['0a', 'c3a9', 'ff']);
});

test('times are kept to the nanosecond, before 1970 and behind 2262', async () => {
  const times = [-1n, -1_500_000_000n, 0n, 999_999_999n, 13_569_465_600_123_456_789n];
  const tree = await built(times.map((mtime, at) => ({ ...fileAt(String(at)), mtime }) as Entry));
  expect(tree.entries.map((entry) => (entry as { mtime: bigint }).mtime)).toEqual(times);
});

test('a tree of one block or of many has the same segments', async () => {
  const entries = [directoryAt('d'), ...numbered('d', 3_000)];
  const one = new BlockWriter();
  for (const entry of entries.slice(1)) {
    const { digest, size, path } = entry as Extract<Entry, { type: 'file' }>;
    one.file(path.slice(2), STATUS, { digest, size, xattrs: '' });
  }
  const builder = new TreeBuilder();
  builder.add('d', one.take());
  builder.add('d', blockOf(directoryAt('d'), 'd'));
  expect((await builder.build(new MemorySegments())).root).toEqual((await built(entries)).root);
});
