import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { below, treePathOf, waysOf } from '../../../src/sources/walk/tree-paths.ts';
import { planWalk } from '../../../src/sources/walk/walk-sources.ts';
import { makeTree } from '../../harness/tree.ts';

test.each([
  ['a', 'a'],
  ['a/b', 'a/b'],
  ['/a/b', 'a/b'],
  ['//a//b/', 'a/b'],
  ['./a/./b/.', 'a/b'],
  ['../a', 'a'],
  ['../../a/b', 'a/b'],
  ['a/../b', 'b'],
  ['/a/../../b/c', 'b/c'],
  ['a/..', ''],
  ['.', ''],
  ['/', ''],
  ['..', ''],
  ['', ''],
  ['..a/...', '..a/...'],
  ['a\udc5c\udcff', 'a\udc5c\udcff'],
])('a path lies in the tree as tar has it: %j at %j', (path, inTree) => {
  expect(treePathOf(path)).toBe(inTree);
});

test.each([
  [
    'a/b',
    [
      ['a', 'a'],
      ['a/b', 'a/b'],
    ],
  ],
  [
    '/a/b',
    [
      ['a', '/a'],
      ['a/b', '/a/b'],
    ],
  ],
  ['./a', [['a', 'a']]],
  ['../a', [['a', '../a']]],
  [
    'x/../../a/b',
    [
      ['a', 'x/../../a'],
      ['a/b', 'x/../../a/b'],
    ],
  ],
  ['..', []],
  ['.', []],
])('the directories that lead there are looked at where they are: %s', (path, ways) => {
  expect(waysOf(path).map((way) => [way.inTree, way.path])).toEqual(ways);
});

test('a place is a path of names, whatever a path is made of', () => {
  const part = fc.constantFrom('', '.', '..', 'a', 'b', '...', ' ');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const path = parts.join('/');
      const names = treePathOf(path).split('/');
      if (names.join() !== '')
        for (const name of names) expect(['', '.', '..']).not.toContain(name);
      const ways = waysOf(path);
      expect(ways.map(({ inTree }) => inTree)).toEqual(
        names.join() === '' ? [] : names.map((_, n) => names.slice(0, n + 1).join('/')),
      );
    }),
  );
});

test('what lies below the root has no slash before it', () => {
  expect([below('', 'a'), below('a', 'b'), below('a', ''), below('', '')]).toEqual([
    ...['a', 'a/b', 'a', ''],
  ]);
});

type WalkOptions = Partial<Parameters<typeof planWalk>[0]>;

describe('sources in one tree', () => {
  const TREE = {
    'x/b/k/l': '',
    'a/f': '',
    'a/b/g': '',
    'b/h': '',
    'x/a/i': '',
    'x/a/b/g': '',
    f: '',
    'x/f': '',
  };

  /** Where each lies; paths are relative to the root of a new tree. */
  async function placesOf(sources: readonly string[], options = {}): Promise<string[]> {
    const root = makeTree(TREE);
    const given = sources.map((source) => (source.startsWith('/') ? source : join(root, source)));
    const plan = await planWalk({ sources: given, oneTree: true, ...options });
    const from = `${treePathOf(root)}/`;
    return plan.sources.map(({ inTree }) => inTree.replace(from, ''));
  }

  it.each([
    ['one directory is the root', ['a'], ['']],
    ['one file lies where its path says', ['f'], ['f']],
    ['several lie where their paths say', ['a', 'f', 'x/a'], ['a', 'f', 'x/a']],
    ['one inside another lies in that', ['a', 'a/b'], ['a', 'a/b']],
    ['the same twice lies in one place', ['a', 'a'], ['a', 'a']],
  ])('%s', async (_, sources, places) => {
    expect(await placesOf(sources)).toEqual(places);
  });

  it('a directory beside a list is no root', async () => {
    const list = join(makeTree({ list: '' }), 'list');
    expect(await placesOf(['a'], { filesFrom: list })).toEqual(['a']);
  });

  it('directories get the names that are given', async () => {
    expect(await placesOf(['a'], { as: ['n'] })).toEqual(['n']);
    expect(await placesOf(['a', 'x/a'], { as: ['a', 'b'] })).toEqual(['a', 'b']);
  });

  it.each([
    ['too few', ['a', 'b'], ['n'], /2 sources, and 1 names/],
    ['too many', ['a'], ['n', 'm'], /1 sources, and 2 names/],
    ['for a file', ['f'], ['n'], /only directories get names/],
    ['with a slash', ['a'], ['n/m'], /not the name of a directory/],
    ['empty', ['a'], [''], /not the name of a directory/],
    ['a dot', ['a'], ['.'], /not the name of a directory/],
    ['two dots', ['a'], ['..'], /not the name of a directory/],
    ['with NUL', ['a'], ['n\0'], /not the name of a directory/],
  ])('names that no directory can have are refused: %s', async (_, sources, as, why) => {
    const placed = placesOf(sources, { as });
    await expect(placed).rejects.toBeInstanceOf(UsageError);
    await expect(placed).rejects.toThrow(why);
  });

  /** Two trees are told apart by where they are looked at from: as tar, `..` is dropped. */
  async function clashOf(sources: readonly string[], options: WalkOptions = {}): Promise<unknown> {
    const root = makeTree(TREE);
    const before = process.cwd();
    process.chdir(join(root, 'x'));
    try {
      return await planWalk({ sources, oneTree: true, ...options }).catch((error) => error);
    } finally {
      process.chdir(before);
    }
  }

  it.each<[string, string[], WalkOptions?]>([
    ['two directories of one place', ['a', '../a']],
    ['two files of one place', ['f', '../f']],
    ['a directory where another one has an entry', ['../a', 'a/b']],
    ['two of one name', ['a', '../b'], { as: ['n', 'n'] }],
  ])('a clash is wrong usage, and says what mends it: %s', async (_, sources, options = {}) => {
    const error = await clashOf(sources, options);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'INGOT_CLASH', hint: expect.stringContaining('--as') });
  });

  it.each<[string, string[], WalkOptions?]>([
    ['of which one lies where the other has nothing', ['../b', 'b/k']],
    ['of which one is excluded', ['a', '../a'], { exclude: ['a'] }],
    ['that are no one tree', ['a', '../a'], { oneTree: false }],
    ['with names of their own', ['a', '../a'], { as: ['one', 'two'] }],
    ['of which one lies in the other, in two spellings', ['../x', '../x/a', '../x/./a']],
  ])('there is no clash between sources %s', async (_, sources, options = {}) => {
    expect(await clashOf(sources, options)).toMatchObject({ sources: expect.anything() });
  });

  it('a link that was named lies where it was named, and what it leads to where that lies', async () => {
    const root = makeTree({ 'a/f': '', link: { symlink: 'a' } });
    const places = async (...names: string[]) => {
      const sources = names.map((name) => join(root, name));
      const plan = await planWalk({ sources, oneTree: true });
      return plan.sources.map(({ inTree }) => inTree.slice(root.length));
    };
    expect(await places('link', 'a')).toEqual(['link', 'a']);
    fs.rmSync(join(root, 'link'));
    fs.symlinkSync('a/f', join(root, 'link'));
    // A link to a file stands for that.
    expect(await places('link', 'a')).toEqual(['a/f', 'a']);
  });
});
