/** What becomes of what is in the target already, and of what is asked for. */
import fs from 'node:fs';
import { join } from 'node:path';
import { type RestoredEntry, type RestoreOptions, type RestoreProgress, restore } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { demand } from '../harness/mounts.ts';
import { ingot } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { fileAt } from '../snapshot/trees.ts';
import { entriesOf, look, pathsIn, snapshotOf } from './snapshots.ts';

let tree: string;
let store: string;
let back: string;
beforeEach(async () => {
  tree = makeTree({
    'a/one': 'one',
    'a/two': 'two',
    'b/c/three': 'three',
    'b/link': { symlink: '../a/one' },
    top: 'top',
  });
  store = await snapshotOf(tree);
  back = join(temporaryDirectory(), 'back');
});

/** What happened to which path, without what stayed. */
async function restored(options: RestoreOptions, name = 'latest'): Promise<string[]> {
  const seen: RestoredEntry[] = [];
  await restore(store, name, back, {
    ...options,
    report: 'all',
    onEntry: (entry) => void seen.push(entry),
  });
  const changed = seen.filter(({ outcome }) => outcome !== 'left');
  return changed.map(({ outcome, path }) => `${outcome} ${path}`).sort();
}

describe('a target', () => {
  it('that is missing is made, with the directories that lead to it', async () => {
    back = join(back, 'far', 'down');
    await restore(store, 'latest', back);
    expect(look(back)).toEqual(look(tree));
  });

  it('that is empty is filled', async () => {
    fs.mkdirSync(back);
    await restore(store, 'latest', back);
    expect(look(back)).toEqual(look(tree));
  });

  it('that is not empty is left alone, and the line says what to do', () => {
    makeTree({ mine: 'mine' }, back);
    const ended = ingot(['restore', 'latest', back, '--store', store]);
    expect(ended.stderr).toMatch(
      /^ingot: cannot restore: \S+\/back: the target is not empty; [^\n]*--overwrite never\|if-changed\|always\n$/,
    );
    expect(ended.code).toBe(1);
    expect(pathsIn(back)).toEqual(['', 'mine']);
  });

  it('that is a file is refused', () => {
    fs.mkdirSync(back);
    const ended = ingot(['restore', 'latest', join(tree, 'top'), '--store', store]);
    expect(ended.stderr).toMatch(
      /^ingot: cannot open the target: \S+\/top: [^\n]*\(ENOTDIR\)[^\n]*\n$/,
    );
    expect(ended.code).toBe(1);
  });

  it('in the store is refused, and nothing is made there', () => {
    const before = fs.readdirSync(store);
    for (const path of [store, join(store, 'x', 'y'), join(store, '.ingot')]) {
      const ended = ingot(['restore', 'latest', path, '--overwrite', 'always', '--store', store]);
      expect(ended.stderr).toMatch(/^ingot: cannot restore: \S+: it lies in the store; [^\n]*\n$/);
      expect(ended.code).toBe(2);
    }
    expect(fs.readdirSync(store)).toEqual(before);
  });

  it('that the store lies in is refused with --delete, and keeps the store without', async () => {
    const above = join(store, '..');
    const args = ['restore', 'latest', above, '--overwrite', 'if-changed', '--store', store];
    const ended = ingot([...args, '--delete']);
    expect(ended.stderr).toMatch(/^ingot: cannot restore: \S+: the store lies in it, [^\n]*\n$/);
    expect(ended.code).toBe(2);
    expect(ingot([...args, '-q'])).toMatchObject({ code: 0, stderr: '' });
    expect(ingot(['verify', '--store', store])).toMatchObject({ code: 0 });
  });
});

describe('a part of a tree', () => {
  it('that is a directory goes into the target', async () => {
    await restore(store, 'latest:b', back);
    expect(look(back)).toEqual(look(join(tree, 'b')));
  });

  it('that is a file or a link becomes one in the target', async () => {
    const report = await restore(store, 'latest:b/c/three', back);
    expect(pathsIn(back)).toEqual(['', 'three']);
    expect(fs.readFileSync(join(back, 'three'), 'utf8')).toBe('three');
    expect(report).toMatchObject({ files: 1, directories: 0, bytes: 5 });
    await restore(store, 'latest:b/link', `${back}2`);
    expect(fs.readlinkSync(`${back}2/link`)).toBe('../a/one');
  });

  it('that the snapshot lacks or does not know is one line', async () => {
    await storeSnapshot(store, [{ type: 'missing', path: 'gone', why: 'EACCES' }]);
    await expect(restore(store, 'latest:gone', back)).rejects.toThrow(
      /the snapshot lacks it \(EACCES\)/,
    );
    await expect(restore(store, 'latest:other', back)).rejects.toThrow(/other/);
    expect(fs.existsSync(back)).toBe(false);
  });

  it('is what patterns include, with the directories that lead there', async () => {
    const report = await restore(store, 'latest', back, { include: ['three', '/a/one'] });
    expect(pathsIn(back).sort()).toEqual(['', 'a', 'a/one', 'b', 'b/c', 'b/c/three']);
    expect(report).toMatchObject({ files: 2, excluded: 3 });
    expect(look(back).filter((line) => line.startsWith('b/c'))).toEqual(
      look(tree).filter((line) => line.startsWith('b/c')),
    );
  });

  it('is what patterns do not exclude', async () => {
    const report = await restore(store, 'latest', back, { exclude: ['b/c', 'o*e', '/top'] });
    expect(pathsIn(back).sort()).toEqual(['', 'a', 'a/two', 'b', 'b/link']);
    expect(report).toMatchObject({ files: 1, links: 1, excluded: 4 });
    expect(await restored({ overwrite: 'never', include: ['a'], exclude: ['two'] })).toEqual([
      'new a/one',
    ]);
  });
});

describe('what is there', () => {
  beforeEach(async () => {
    await restore(store, 'latest', back);
  });

  it('is left alone where it is the same, and replaced where it is not', async () => {
    fs.writeFileSync(join(back, 'a/one'), 'ONE');
    fs.writeFileSync(join(back, 'a/two'), 'longer');
    fs.utimesSync(join(back, 'a/two'), 1, 1);
    fs.chmodSync(join(back, 'top'), 0o600);
    fs.rmSync(join(back, 'b/c/three'));
    fs.rmSync(join(back, 'b/link'));
    fs.symlinkSync('elsewhere', join(back, 'b/link'));
    expect(await restored({ overwrite: 'if-changed' })).toEqual([
      ...['new b/c/three', 'replaced a/one', 'replaced a/two', 'replaced b/link', 'replaced top'],
    ]);
    expect(look(back)).toEqual(look(tree));
    expect(await restored({ overwrite: 'if-changed' })).toEqual([]);
    const report = await restore(store, 'latest', back, { overwrite: 'if-changed' });
    expect(report).toMatchObject({ files: 4, links: 1, directories: 3, left: 8, bytes: 0 });
  });

  it('is replaced always where that is asked for', async () => {
    expect(await restored({ overwrite: 'always' })).toEqual([
      ...['replaced a/one', 'replaced a/two', 'replaced b/c/three', 'replaced b/link'],
      'replaced top',
    ]);
    expect(look(back)).toEqual(look(tree));
  });

  it('stays where that is asked for, and only what is missing comes back', async () => {
    fs.writeFileSync(join(back, 'a/one'), 'mine');
    fs.rmSync(join(back, 'a/two'));
    expect(await restored({ overwrite: 'never' })).toEqual(['new a/two']);
    expect(fs.readFileSync(join(back, 'a/one'), 'utf8')).toBe('mine');
  });

  it('of another type gives way, but for a directory that is not empty', async () => {
    fs.rmSync(join(back, 'a'), { recursive: true });
    fs.writeFileSync(join(back, 'a'), 'a file');
    fs.rmSync(join(back, 'top'));
    fs.mkdirSync(join(back, 'top'));
    makeTree({ 'three/mine': 'mine' }, join(back, 'b/c/..'));
    fs.rmSync(join(back, 'b/c/three'));
    makeTree({ 'three/mine': 'mine' }, join(back, 'b/c'));
    const seen = await restored({ overwrite: 'if-changed' });
    expect(seen).toEqual([
      ...['failed b/c/three', 'new a/one', 'new a/two', 'replaced a', 'replaced top'],
    ]);
    expect(fs.readFileSync(join(back, 'b/c/three/mine'), 'utf8')).toBe('mine');
    expect(await restored({ overwrite: 'if-changed', delete: true })).toEqual([
      ...['new b/c/three', 'removed b/c/three', 'removed b/c/three/mine'],
      ...['removed b/three', 'removed b/three/mine'],
    ]);
    expect(look(back)).toEqual(look(tree));
  });

  it('and lies in the way of a directory stays with never, and that is a failure', async () => {
    fs.rmSync(join(back, 'a'), { recursive: true });
    fs.writeFileSync(join(back, 'a'), 'a file');
    const ended = ingot([
      ...['restore', 'latest', back, '--store', store, '--overwrite', 'never', '-q'],
    ]);
    expect(ended.stderr).toMatch(/^ingot: cannot make a directory: \S+\/a: [^\n]*\(EEXIST\)\n$/);
    expect(ended.code).toBe(3);
    expect(fs.readFileSync(join(back, 'a'), 'utf8')).toBe('a file');
  });

  it('and the snapshot does not have goes with --delete alone', async () => {
    makeTree({ 'a/more/x': 'x', 'b/c/y': 'y', '\udcff': 'odd', 'keep.me': 'k' }, back);
    makeTree({ 'm/keep.me': 'k', 'm/not': 'n' }, back);
    fs.symlinkSync(tree, join(back, 'b/out'));
    expect(await restored({ overwrite: 'if-changed' })).toEqual([]);
    expect(
      await restored({ overwrite: 'if-changed', delete: true, dryRun: true, exclude: ['*.me'] }),
    ).toEqual(REMOVED);
    expect(fs.existsSync(join(back, 'a/more/x'))).toBe(true);
    expect(await restored({ overwrite: 'if-changed', delete: true, exclude: ['*.me'] })).toEqual(
      REMOVED,
    );
    expect(fs.readdirSync(back).sort()).toEqual(['a', 'b', 'keep.me', 'm', 'top']);
    expect(await restored({ overwrite: 'if-changed', delete: true })).toEqual([
      ...['removed keep.me', 'removed m', 'removed m/keep.me'],
    ]);
    expect(look(back)).toEqual(look(tree));
    expect(fs.existsSync(join(tree, 'top'))).toBe(true);
  });

  it('and the snapshot says it lacks stays', async () => {
    const { entries } = entriesOf(tree);
    const missing = [
      { type: 'missing', path: 'a/gone', why: 'EACCES' } as const,
      { type: 'missing', path: 'pipe', why: 'fifo' } as const,
    ];
    await storeSnapshot(store, [...entries, ...missing]);
    makeTree({ 'a/gone/x': 'x', pipe: 'p', other: 'o' }, back);
    const report = await restore(store, 'latest', back, { overwrite: 'if-changed', delete: true });
    expect(report).toMatchObject({ missing: 2, removed: 1 });
    expect(fs.readFileSync(join(back, 'a/gone/x'), 'utf8')).toBe('x');
    expect(fs.readdirSync(back).sort()).toEqual(['a', 'b', 'pipe', 'top']);
  });

  it('as a further name of a file outside keeps that file as it is', async () => {
    const outside = join(temporaryDirectory(), 'outside');
    fs.writeFileSync(outside, 'not to be written');
    fs.rmSync(join(back, 'top'));
    fs.linkSync(outside, join(back, 'top'));
    await restore(store, 'latest', back, { overwrite: 'always' });
    expect(fs.readFileSync(outside, 'utf8')).toBe('not to be written');
    expect(fs.readFileSync(join(back, 'top'), 'utf8')).toBe('top');
  });

  it('keeps its mode with never', async () => {
    fs.chmodSync(join(back, 'a'), 0o500);
    const before = look(back);
    await restore(store, 'latest', back, { overwrite: 'never' });
    expect(look(back)).toEqual(before);
    fs.chmodSync(join(back, 'a'), 0o755);
  });

  it('may be a directory that its owner may not write to', async () => {
    fs.chmodSync(join(tree, 'a'), 0o555);
    store = await snapshotOf(tree);
    await restore(store, 'latest', back, { overwrite: 'if-changed' });
    fs.chmodSync(join(back, 'a'), 0o755);
    fs.rmSync(join(back, 'a'), { recursive: true, force: true });
    await restore(store, 'latest', back, { overwrite: 'if-changed' });
    fs.appendFileSync(join(back, 'a/one'), '!');
    await restore(store, 'latest', back, { overwrite: 'if-changed' });
    expect(look(back)).toEqual(look(tree));
    for (const each of [tree, back]) fs.chmodSync(join(each, 'a'), 0o755);
  });
});

const REMOVED = [
  ...[
    'removed \udcff',
    'removed a/more',
    'removed a/more/x',
    'removed b/c/y',
    'removed b/out',
    'removed m/not',
  ],
].sort();

describe('hard links', () => {
  beforeEach(async () => {
    fs.linkSync(join(tree, 'a/one'), join(tree, 'z'));
    fs.linkSync(join(tree, 'a/one'), join(tree, 'b/z'));
    store = await snapshotOf(tree);
  });

  it('are made again where they were lost', async () => {
    await restore(store, 'latest', back);
    expect(fs.statSync(join(back, 'z')).nlink).toBe(3);
    fs.rmSync(join(back, 'z'));
    fs.copyFileSync(join(back, 'a/one'), join(back, 'z'));
    const { atime, mtime } = fs.statSync(join(back, 'a/one'));
    fs.utimesSync(join(back, 'z'), atime, mtime);
    expect(await restored({ overwrite: 'if-changed' })).toEqual(['replaced z']);
    expect(look(back)).toEqual(look(tree));
  });

  it('never join a file of the user’s own', async () => {
    makeTree({ 'a/one': 'mine' }, back);
    const report = await restore(store, 'latest', back, { overwrite: 'never' });
    expect(report).toMatchObject({ left: 2, failed: 0 });
    expect(fs.readFileSync(join(back, 'a/one'), 'utf8')).toBe('mine');
    expect(fs.readFileSync(join(back, 'z'), 'utf8')).toBe('one');
  });

  it('are files where the first name is left out', async () => {
    await restore(store, 'latest', back, { exclude: ['/a'] });
    expect(fs.statSync(join(back, 'z')).ino).toBe(fs.statSync(join(back, 'b/z')).ino);
    expect(fs.readFileSync(join(back, 'z'), 'utf8')).toBe('one');
  });

  it('of many files are made, with threads that are ahead of each other', async () => {
    const names = Array.from({ length: 1500 }, (_, n) => n);
    const many = makeTree(Object.fromEntries(names.map((n) => [`${n % 7}/${n}`, `${n % 10}`])));
    for (const n of names) {
      fs.linkSync(join(many, `${n % 7}/${n}`), join(many, `${(n + 3) % 7}/${n}-again`));
      fs.linkSync(join(many, `${n % 7}/${n}`), join(many, `${(n + 3) % 7}/z-${n}`));
    }
    store = await snapshotOf(many);
    const report = await restore(store, 'latest', back, { threads: 3 });
    expect(report).toMatchObject({ files: 1500, hardLinks: 3000, failed: 0 });
    expect(look(back)).toEqual(look(many));
  });
});

describe('what needs rights', () => {
  it('is set with --privileged alone', async () => {
    fs.chmodSync(join(tree, 'top'), 0o4755);
    fs.chmodSync(join(tree, 'a'), 0o2755);
    fs.chmodSync(join(tree, 'b'), 0o1777);
    store = await snapshotOf(tree);
    const report = await restore(store, 'latest', back);
    const modes = () =>
      ['top', 'a', 'b'].map((name) => fs.statSync(join(back, name)).mode & 0o7777);
    expect(modes()).toEqual([0o755, 0o755, 0o1777]);
    expect(report.unprivileged).toBe(2);
    await restore(store, 'latest', back, { overwrite: 'always', privileged: true });
    expect(modes()).toEqual([0o4755, 0o2755, 0o1777]);
    expect(look(back)).toEqual(look(tree));
  });

  it('are owners, which only root sets', async (context) => {
    demand(context, process.getuid?.() === 0, 'only root can give files away');
    const entries = [
      { ...fileAt('f'), uid: 4321, gid: 1234, mode: 0o4640 },
      { ...fileAt('g'), uid: 0, gid: 77 },
    ];
    store = join(temporaryDirectory(), 'store');
    await storeSnapshot(store, entries, { contents: ['f', 'g'] });
    await restore(store, 'latest', back, { owner: true, privileged: true });
    expect(fs.statSync(join(back, 'f'))).toMatchObject({ uid: 4321, gid: 1234, mode: 0o104640 });
    expect(fs.statSync(join(back, 'g'))).toMatchObject({ uid: 0, gid: 77 });
  });
});

describe('a dry run', () => {
  it('changes nothing, and says what would be', async () => {
    const ended = ingot(['restore', 'latest', back, '--store', store, '-n', '-v']);
    expect(ended.code).toBe(0);
    expect(ended.stdout.split('\n').slice(0, -4).sort()).toEqual([
      ...['a', 'b', 'b/c'].map((path) => `new      directory ${path}`),
      ...['a/one', 'a/two', 'b/c/three', 'top'].map((path) => `new      file      ${path}`),
      'new      link      b/link',
    ]);
    expect(ended.stdout).toMatch(/\nDRY RUN: nothing was changed\n$/);
    expect(fs.existsSync(back)).toBe(false);
  });

  it('knows what is there', async () => {
    await restore(store, 'latest', back);
    fs.rmSync(join(back, 'b'), { recursive: true });
    fs.appendFileSync(join(back, 'top'), '!');
    const before = look(back);
    expect(await restored({ overwrite: 'if-changed', dryRun: true })).toEqual([
      ...['new b', 'new b/c', 'new b/c/three', 'new b/link', 'replaced top'],
    ]);
    expect(look(back)).toEqual(before);
  });
});

describe('a caller', () => {
  it.each(['latest', 'latest:b'])('sees how far the restore of %s is', async (name) => {
    const seen: RestoreProgress[] = [];
    await restore(store, name, back, { onProgress: (progress) => void seen.push(progress) });
    const entries = pathsIn(back).length - 1;
    expect(seen.at(-1)).toMatchObject({
      ...{ entriesDone: entries, total: entries, fractionDone: 1, secondsLeft: 0, walking: false },
    });
  });

  it('stops it, with --delete too', async () => {
    await restore(store, 'latest', back);
    const signal = AbortSignal.abort();
    for (const options of [{}, { delete: true }])
      await expect(
        restore(store, 'latest', back, { overwrite: 'always', signal, ...options }),
      ).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
  });

  it('gets an error in one line for options that make no sense', async () => {
    for (const [options, line] of [
      [{ delete: true }, /add --overwrite/],
      [{ overwrite: 'sometimes' }, /none of never, if-changed, always/],
      [{ threads: 0 }, /from 1 to 1024/],
    ] as const)
      await expect(restore(store, 'latest', back, options as RestoreOptions)).rejects.toThrow(line);
    expect(fs.existsSync(back)).toBe(false);
  });
});
