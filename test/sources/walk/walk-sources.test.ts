import fs from 'node:fs';
import { expect, test } from 'vitest';
import { type DirectoryOps, nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import { NamedEntries } from '../../../src/sources/walk/named-entries.ts';
import { Outputs } from '../../../src/sources/walk/outputs.ts';
import { TreeReader } from '../../../src/sources/walk/tree-reader.ts';
import { planWalk, walkSources } from '../../../src/sources/walk/walk-sources.ts';
import { makeTree, type TreeLiteral } from '../../harness/tree.ts';
import { RecordingSink } from './recording-sink.ts';
import { failing, standsStillAt, walk } from './walking.ts';

const NESTED: TreeLiteral = { 'a/b/f': '', 'a/b/c/g': '', 'a/h': '', i: '' };
const NESTED_FILES = ['a/b/c/g', 'a/b/f', 'a/h', 'i'];

test.each([
  ['the same twice', ['', '']],
  ['the same in two spellings', ['', '/', '/.', '/a/..']],
  ['an inner tree after the outer', ['', '/a/b']],
  ['an inner tree before the outer', ['/a/b', '']],
  ['a file inside a tree', ['', '/a/h', '/a/b/f']],
  ['a file twice', ['/i', '/i', '']],
  ['trees inside trees', ['/a', '/a/b/c', '', '/a/b']],
])('overlapping sources count each entry once: %s', async (_, sources) => {
  const root = makeTree(NESTED);
  const given = sources.map((source) => root + source);
  for (const exclude of [[], ['nothing-of-this-name']]) {
    const sink = await walk(given, { exclude });
    const real = sink.found.map((path) => fs.realpathSync(path));
    expect(real.map((path) => path.slice(root.length + 1)).sort()).toEqual(NESTED_FILES);
    expect(sink.directories).toBe(4);
  }
});

test('a link named as a source is followed, and counts as what it points to', async () => {
  const root = makeTree({ ...NESTED, link: { symlink: 'a/b' }, 'file-link': { symlink: 'a/h' } });
  expect((await walk([`${root}/link`])).below(root)).toEqual(['link/c/g', 'link/f']);
  expect((await walk([`${root}/file-link`])).below(root)).toEqual(['a/h']);
  expect((await walk([`${root}/link`, `${root}/a`])).below(root)).toEqual([
    'a/h',
    'link/c/g',
    'link/f',
  ]);
});

test('a tree named after an outer one is walked with it, unless other rules hold for it', async () => {
  const root = makeTree({ ...NESTED, link: { symlink: 'a/b' } });
  const given = [`${root}/a`, `${root}/link`];
  const adopted = ['a/b/c/g', 'a/b/f', 'a/h'];
  expect((await walk(given)).below(root)).toEqual(adopted);
  const onItsOwn = ['a/h', 'link/c/g', 'link/f'];
  expect((await walk(given, { oneFileSystem: true })).below(root)).toEqual(onItsOwn);
  expect((await walk(given, { exclude: ['x'] })).below(root)).toEqual(onItsOwn);
});

test('sources are taken no faster than the sink takes files, trees after all files', async () => {
  const root = makeTree({ f: '', 'a/f': '', 'tree/f': '' });
  const sink = new RecordingSink();
  let release = (): void => {};
  sink.hold = () => new Promise((resolve) => (release = resolve));
  const sources = ['tree', 'f', 'a/f'].map((name) => `${root}/${name}`);
  const walked = walkSources(await planWalk({ sources }), {}, sink);
  for (let chunks = 1; chunks <= 3; chunks++) {
    await standsStillAt(sink, chunks);
    release();
  }
  await walked;
  expect(sink.found).toEqual(['f', 'a/f', 'tree/f'].map((name) => `${root}/${name}`));
});

test('what lies in an excluded directory and is named is ingested', async () => {
  const root = makeTree(NESTED);
  const sink = await walk([root, `${root}/a/b/c`, `${root}/a/b/f`], { exclude: ['b/', 'h'] });
  expect(sink.below(root)).toEqual(['a/b/c/g', 'a/b/f', 'i']);
  expect(sink.excludedPaths).toEqual([`${root}/a/b`, `${root}/a/h`]);
});

test('an excluded source is counted once, in whatever order sources are named', async () => {
  const root = makeTree(NESTED);
  const given = [root, `${root}/a/b`, `${root}/a/h`, `${root}/a`, `${root}/./a/b`];
  for (const sources of [given, given.toReversed()]) {
    const sink = await walk(sources, { exclude: ['b/', 'h'] });
    expect(sink.below(root)).toEqual(['i']);
    expect(sink.excludedPaths.length).toBe(2);
  }
});

test('an excluded directory is not even read', async () => {
  const root = makeTree({ 'out/f': '', 'in/f': '', 'in/x.tmp': '' });
  const ops = failing('readdirSync', (path) => path.endsWith('out'), 'EIO');
  const sink = await walk([root], { exclude: ['out/', '*.tmp'] }, { ops });
  expect(sink.below(root)).toEqual(['in/f']);
  expect(sink.unreadablePaths).toEqual({});
});

test('the store is left out wherever it lies in a source, and named once', async () => {
  const root = makeTree({ 'x/store/object': '', 'x/f': '', 'file-of-root': '' });
  const storeRoot = `${root}/x/store`;
  const sink = await walk([root, `${storeRoot}/object`, `${root}/x`], {}, { storeRoot });
  expect(sink.below(root)).toEqual(['file-of-root', 'x/f']);
  expect(sink.notices).toEqual([`the store ${storeRoot} lies inside the source and is left out`]);
});

test('a source that is the store or lies in it has no entries', async () => {
  const root = makeTree({ 'store/inner/object': '' });
  const storeRoot = `${root}/store`;
  for (const source of [storeRoot, `${storeRoot}/inner`, `${storeRoot}/inner/object`])
    expect((await walk([source], {}, { storeRoot })).found).toEqual([]);
});

test('a source beside the store is ingested although its name begins like the store’s', async () => {
  const root = makeTree({ 'store/object': '', 'store-of-wine/f': '' });
  const sink = await walk([`${root}/store-of-wine`], {}, { storeRoot: `${root}/store` });
  expect(sink.below(root)).toEqual(['store-of-wine/f']);
});

test('a store that does not exist yet leaves nothing out', async () => {
  const root = makeTree({ f: '' });
  const sink = await walk([root], {}, { storeRoot: `${root}/store` });
  expect(sink.below(root)).toEqual(['f']);
});

test('other file systems are left out on request, each with a notice', async () => {
  const root = makeTree({ 'mounted/f': '', f: '' });
  const ops: DirectoryOps = {
    ...nodeDirectoryOps,
    lstatSync: ((path: string) => {
      const stats = nodeDirectoryOps.lstatSync(path);
      return Object.assign(stats, path.endsWith('mounted') ? { dev: stats.dev + 1 } : {});
    }) as DirectoryOps['lstatSync'],
  };
  const sink = await walk([root], { oneFileSystem: true }, { ops });
  expect(sink.below(root)).toEqual(['f']);
  expect(sink.notices).toEqual([`${root}/mounted is on another file system and is left out`]);
  expect((await walk([root], {}, { ops })).below(root)).toEqual(['f', 'mounted/f']);
});

test('paths are reported as the source was given, without double slashes', async () => {
  const root = makeTree({ 'tree/x': '', 'tree/y/z': '' });
  const before = process.cwd();
  process.chdir(root);
  try {
    expect((await walk(['./tree'])).found).toEqual(['./tree/x', './tree/y/z']);
    expect((await walk(['tree//'])).found).toEqual(['tree/x', 'tree/y/z']);
    expect((await walk(['tree/x'])).found).toEqual(['tree/x']);
    expect((await walk(['.'])).found).toEqual(['./tree/x', './tree/y/z']);
    process.chdir('tree');
    const named = { directory: '.', inTree: '', names: ['x'], areLinks: false };
    expect((await walk(['x'])).chunks).toEqual([named]);
  } finally {
    process.chdir(before);
  }
});

test('the root directory as a source gives paths with one slash', async () => {
  const ops = failing('readdirSync', (path) => path !== '/', 'EACCES');
  const sink = await walk(['/'], {}, { ops });
  expect(sink.directories).toBe(1);
  expect(Object.keys(sink.unreadablePaths)).toContain('/etc');
});

test('a manifest in the root directory is left out there, and nowhere else', async () => {
  const root = makeTree({ f: '', m: '' });
  const ops = {
    ...nodeDirectoryOps,
    statSync: () => nodeDirectoryOps.statSync(root),
    readdirSync: () => fs.readdirSync(root, { withFileTypes: true }),
  } as unknown as DirectoryOps;
  const found = async (path: string) => {
    const sink = new RecordingSink();
    const outputs = new Outputs(new Map([['/m', 'the manifest']]));
    const rules = { oneFileSystem: false, outputs, ops };
    await new TreeReader(
      { path, realPath: path, inTree: '' },
      rules,
      new NamedEntries(),
      sink,
    ).read('/');
    return sink.found.sort();
  };
  expect(await found('/')).toEqual(['/f']);
  expect(await found('/x')).toEqual(['/x/f', '/x/m']);
});
