import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { escapeName, toBytes } from '../../src/names.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import { TreeReader } from '../../src/snapshot/tree-reader.ts';
import {
  all,
  anyName,
  anyTree,
  buildTree,
  directoryAt,
  fileAt,
  MemorySegments,
  numbered,
  readTree,
  sorted,
  writeTree,
} from './trees.ts';

/** As many directories with 200 files each. */
function directories(count: number): Entry[] {
  const names = Array.from({ length: count }, (_, n) => `dir-${n}`);
  return sorted(names.flatMap((name) => [directoryAt(name), ...numbered(name, 200)]));
}

/** Some 160 segments, and two levels above them. */
const LARGE: readonly Entry[] = directories(400);
/** Some 30 segments, and a level above them. */
const MEDIUM: readonly Entry[] = directories(75);

async function written(entries: readonly Entry[], segments = new MemorySegments()) {
  const root = await writeTree(entries, segments);
  return { root, segments, reader: new TreeReader(segments, root) };
}

const large = await written(LARGE);

/** Segments that a tree needs and another one has not. */
async function added(before: readonly Entry[], after: readonly Entry[]): Promise<number> {
  const segments = new MemorySegments();
  for (const each of (before === LARGE ? large : await written(before)).segments.segments.values())
    await segments.put(each);
  const there = segments.segments.size;
  await written(after, segments);
  return segments.segments.size - there;
}

test('any tree comes back as it was, the root directory left out', async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, async (entries) => {
      const { root, segments, reader } = await written(entries);
      expect(root.entries).toBe(entries.length);
      expect(await readTree(root, segments)).toEqual(entries.filter(({ path }) => path !== ''));
      for (const entry of entries) expect(await reader.find(entry.path)).toEqual(entry);
    }),
  );
});

test('a large tree comes back through all of its levels', async () => {
  const { root, segments } = large;
  expect(root.level).toBe(2);
  expect(root.entries).toBe(LARGE.length);
  expect(root.size).toBe(LARGE.reduce((sum, entry) => sum + sizeOf(entry), 0));
  expect(await readTree(root, segments)).toEqual(LARGE);
});

const sizeOf = (entry: Entry) => (entry.type === 'file' ? entry.size : 0);

test('the root is the same in whatever order entries arrive, and however they are sorted', async () => {
  const { root } = await written(MEDIUM);
  const shuffled = fc.sample(fc.shuffledSubarray([...MEDIUM], { minLength: MEDIUM.length }), 1)[0]!;
  for (const chunkBytes of [10_000, 1 << 20])
    expect((await buildTree(shuffled, new MemorySegments(), { chunkBytes })).root).toEqual(root);
});

test('the root is another one for any other tree', async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, anyTree, async (one, other) => {
      const keyOf = async (entries: readonly Entry[]) => (await written(entries)).root.digest;
      const isSame = sameTree(one, other);
      expect((await keyOf(one)) === (await keyOf(other))).toBe(isSame);
    }),
  );
});

function sameTree(one: readonly Entry[], other: readonly Entry[]): boolean {
  const text = (tree: readonly Entry[]) =>
    JSON.stringify(tree, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  return text(one) === text(other);
}

test('a tree that ends where its first segment does has no level above it', async () => {
  const entries = [directoryAt('d'), ...numbered('d', 2_000)];
  const { root, segments } = await written(entries);
  expect(root.level).toBe(1);
  const [, line] = (await segments.get(root.digest)).toString().split('\n');
  const first = JSON.parse(line!) as { entries: number; sha256: string };
  const { root: alone } = await written(entries.slice(0, first.entries));
  expect(alone).toMatchObject({ level: 0, entries: first.entries, digest: first.sha256 });
});

test('an empty tree has a root, and nothing in it', async () => {
  const { root, segments, reader } = await written([]);
  expect(root).toMatchObject({ level: 0, entries: 0, size: 0 });
  expect(await readTree(root, segments)).toEqual([]);
  expect(await reader.find('')).toBeUndefined();
  expect(await all(reader.children(''))).toEqual([]);
});

describe('a small edit changes few segments', () => {
  const at = LARGE.findIndex(({ path }) => path === 'dir-200/file-00100');
  const edits: [string, (entries: Entry[]) => void][] = [
    ['a file replaced', (entries) => entries.splice(at, 1, fileAt(entries[at]!.path, 'new'))],
    ['a file added', (entries) => entries.splice(at, 0, fileAt(`${entries[at - 1]!.path}-b`))],
    ['a file removed', (entries) => entries.splice(at, 1)],
    ['the first entry changed', (entries) => entries.splice(1, 1, fileAt(entries[1]!.path, '1'))],
    ['a directory added', (entries) => entries.push(directoryAt('e'))],
  ];

  it.each(edits)('%s', async (_, edit) => {
    const edited = [...LARGE];
    edit(edited);
    expect(edited).not.toEqual(LARGE);
    // One on each of three levels; where an end moves, its neighbour too.
    expect(await added(LARGE, edited)).toBeLessThanOrEqual(6);
  });

  it('any one of many', async () => {
    const { segments } = await written(MEDIUM);
    const counts: number[] = [];
    for (let index = 7; index < MEDIUM.length; index += 997) {
      const there = segments.segments.size;
      const edited = [...MEDIUM];
      edited.splice(index, 1);
      await written(
        edited.filter(({ path }) => !path.startsWith(`${MEDIUM[index]!.path}/`)),
        segments,
      );
      counts.push(segments.segments.size - there);
    }
    expect(counts.length).toBeGreaterThan(15);
    expect(Math.max(...counts)).toBeLessThanOrEqual(6);
  });

  it('a directory of 10,000 files renamed', async () => {
    const around = [
      directoryAt('a'),
      ...numbered('a', 3000),
      directoryAt('z'),
      ...numbered('z', 3000),
    ];
    const files = (name: string) =>
      numbered('m', 10_000).map((file) => ({ ...file, path: file.path.replace('m', name) }));
    const tree = (name: string) =>
      sorted([...around, directoryAt(name), ...files(name)] as Entry[]);
    expect(await added(tree('m'), tree('n'))).toBeLessThanOrEqual(4);
    expect(await added(tree('m'), tree('zz'))).toBeLessThanOrEqual(9);
  });
});

describe('a part of a tree', () => {
  it('is found without opening more than one segment of each level', async () => {
    const { segments, reader, root } = large;
    for (const index of [0, 1, 777, 40_000, LARGE.length - 1]) {
      segments.opened.length = 0;
      expect(await reader.find(LARGE[index]!.path)).toEqual(LARGE[index]);
      expect(segments.opened.length).toBeLessThanOrEqual(root.level + 2);
    }
    expect(await reader.find('dir-7/none')).toBeUndefined();
    expect(await reader.find('none')).toBeUndefined();
  });

  it('is one range', async () => {
    const { segments, reader } = large;
    segments.opened.length = 0;
    const below = await all(reader.below('dir-42'));
    expect(below).toEqual(LARGE.filter(({ path }) => path.startsWith('dir-42/')));
    expect(segments.opened.length).toBeLessThan(10);
    expect(await all(reader.below('dir-42/file-00001'))).toEqual([]);
    expect(await all(reader.below('none'))).toEqual([]);
  });

  it('leaves out what lies below the children, unopened where it is much', async () => {
    const entries = sorted([
      directoryAt(''),
      ...['a', 'b', 'c'].flatMap((name) => [directoryAt(name), ...numbered(name, 10_000)]),
      ...['a-b', 'a.txt', 'd'].map((path) => fileAt(path)),
    ]);
    const { segments, reader } = await written(entries);
    segments.opened.length = 0;
    const children = await all(reader.children(''));
    expect(children.map(({ path }) => path)).toEqual(['a-b', 'a.txt', 'a', 'b', 'c', 'd']);
    expect(segments.opened.length).toBeLessThan(15);
  });

  it('has all its children where each segment holds several, and parts, of them', async () => {
    const entries = sorted([
      directoryAt(''),
      ...Array.from({ length: 60 }, (_, n) => [
        ...[directoryAt(`w${n}`), ...numbered(`w${n}`, n), fileAt(`w${n}-`)],
        ...[directoryAt(`w${n}/deep`), directoryAt(`w${n}/deep/er`)],
        ...numbered(`w${n}/deep/er`, 7 * n),
      ]).flat(),
    ]);
    const { root, reader } = await written(entries);
    expect(root.level).toBe(1);
    for (const { path, type } of entries) {
      if (type !== 'directory') continue;
      const prefix = path && `${path}/`;
      const children = entries.filter(
        ({ path: each }) =>
          each !== '' && each.startsWith(prefix) && !each.slice(prefix.length).includes('/'),
      );
      expect(await all(reader.children(path))).toEqual(children);
    }
  });

  it('is what it is in any tree', async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, anyName, async (entries, name) => {
        const { reader } = await written(entries);
        for (const { path } of [...entries, { path: name }]) {
          const prefix = path === '' ? '' : `${path}/`;
          const below = entries.filter(
            (entry) => entry.path !== '' && entry.path.startsWith(prefix),
          );
          expect(await all(reader.below(path))).toEqual(below);
          const children = below.filter((entry) => !entry.path.slice(prefix.length).includes('/'));
          expect(await all(reader.children(path))).toEqual(children);
          const there = entries.find((entry) => entry.path === path);
          expect(await reader.find(path)).toEqual(there);
        }
      }),
    );
  });
});

test('a segment never grows beyond what a reader takes', async () => {
  const value = Buffer.alloc(56_000, 1);
  const xattrs = Array.from({ length: 4 }, (_, n) => ({ name: `user.${n}`, value }));
  const entries = numbered('d', 40).map((entry) => ({ ...entry, xattrs }) as Entry);
  const { root, segments } = await written([directoryAt('d'), ...entries]);
  const back = await readTree(root, segments);
  expect(await writeTree(back, segments)).toEqual(root);
  const sizes = [...segments.segments.values()].map(({ length }) => length);
  expect(Math.max(...sizes)).toBeGreaterThan(512 << 10);
  expect(Math.max(...sizes)).toBeLessThan(1 << 20);
});

test('names sort by their bytes, not as JavaScript sorts text', async () => {
  const names = ['\uffff', '😀', escapeName(Buffer.from([0xff])), 'a', 'é'];
  const { root, segments } = await written(sorted(names.map((name) => fileAt(name))));
  const found = (await readTree(root, segments)).map(({ path }) => toBytes(path).toString('hex'));
  expect(found).toEqual(['61', 'c3a9', 'efbfbf', 'f09f9880', 'ff']);
});
