/** Where the entries of several sources, of files and of lists lie in a snapshot. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { IngestOptions } from 'ingot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStore } from '../harness/ingest-tree.ts';
import { demand, demandMounts } from '../harness/mounts.ts';
import { makeTree } from '../harness/tree.ts';
import { at, pathsOf, plain, recorded, seen } from './snapshots.ts';

const TREE = {
  'a/f': 'f',
  'a/b/g': 'g',
  'a/empty': { directory: true },
  'c/link': { symlink: '../a/f' },
  'c/h': 'h',
  file: 'file',
} as const;

let cwd: string;
let before: string;
beforeEach(() => {
  before = process.cwd();
  cwd = makeTree(TREE);
  process.chdir(cwd);
});
afterEach(() => process.chdir(before));

const pathsOfRun = async (sources: readonly string[], options?: IngestOptions) =>
  pathsOf((await recorded(sources, options)).entries);

const ALL_OF_A = ['a', 'a/b', 'a/b/g', 'a/empty', 'a/f'];

describe('of a snapshot', () => {
  it.each<[string, string[], string[], IngestOptions?]>([
    ['one directory is the root', ['a'], ['', 'b', 'b/g', 'empty', 'f']],
    ['one file has no root', ['file'], ['file']],
    ['a file has the directories on the way', ['a/b/g'], ['a', 'a/b', 'a/b/g']],
    ['several lie where they were named', ['a', 'file'], [...ALL_OF_A, 'file']],
    ['what is above `..` is left out', ['a/../c', './file'], ['c', 'c/h', 'c/link', 'file']],
    ['a nested source appears once', ['a', 'a/b'], ALL_OF_A],
    ['and so does one that comes before', ['a/b', 'a'], ALL_OF_A],
    ['and a file that lies in another one', ['a', 'a/b/g', 'a/f'], ALL_OF_A],
    ['and all of it, with patterns', ['a', 'a/b'], ALL_OF_A, { exclude: ['nothing'] }],
    ['a directory gets its name', ['a/b'], ['n', 'n/g'], { as: ['n'] }],
    ['each gets its own', ['a/b', 'c'], ['m', 'm/h', 'm/link', 'n', 'n/g'], { as: ['n', 'm'] }],
    ['what patterns leave out is not there', ['a'], ['', 'f'], { exclude: ['b', 'empty/'] }],
    ['nor is a source', ['a', 'c'], ['c', 'c/h', 'c/link'], { exclude: ['a'] }],
  ])('%s', async (_, sources, paths, options) => {
    expect(await pathsOfRun(sources, options)).toEqual(paths);
  });

  it('directories on the way have the status of what is there', async () => {
    fs.chmodSync('a', 0o2751);
    fs.chmodSync('a/b', 0o700);
    const { entries } = await recorded(['a/b/g']);
    const whole = seen('.') as { path: string }[];
    expect(plain(entries)).toEqual(
      whole.filter(({ path }) => ['a', 'a/b', 'a/b/g'].includes(path)),
    );
  });

  it('an absolute path loses its first slash', async () => {
    const paths = await pathsOfRun([join(cwd, 'a/b'), join(cwd, 'file')]);
    const above = cwd
      .slice(1)
      .split('/')
      .map((_, n, names) => names.slice(0, n + 1).join('/'));
    const top = cwd.slice(1);
    expect(paths).toEqual([...above, `${top}/a`, `${top}/a/b`, `${top}/a/b/g`, `${top}/file`]);
  });

  it('what a list names has the directories on the way, each once, and links are links', async () => {
    const listed = ['a/b/g', './a/f', 'c/link', 'c/h', 'a/empty', 'a/b/g', 'file'];
    fs.writeFileSync('list', listed.map((path) => `${path}\n`).join(''));
    const paths = ['a', 'a/b', 'a/b/g', 'a/empty', 'a/f', 'c', 'c/h', 'c/link', 'file'];
    const { entries } = await recorded([], { filesFrom: 'list' });
    expect(pathsOf(entries)).toEqual(paths);
    const whole = seen('.') as { path: string }[];
    expect(plain(entries)).toEqual(whole.filter(({ path }) => paths.includes(path)));
  });

  it('what a list names in any order has the root that a walk gives it', async () => {
    const names = Array.from({ length: 500 }, (_, n) => `n/${(n * 37) % 500}`);
    makeTree(Object.fromEntries(names.map((name) => [name, name])), cwd);
    const walked = await recorded(['n'], { as: ['n'] });
    for (const listed of [names, names.toSorted().reverse()]) {
      fs.writeFileSync('list', listed.map((path) => `${path}\n`).join(''));
      const { report } = await recorded([], { filesFrom: 'list', batchFiles: 100 });
      expect(report.snapshot?.root).toBe(walked.report.snapshot?.root);
    }
  });

  it('what a list names and is not there is missing', async () => {
    fs.writeFileSync('list', 'a/gone\nno/where\nfile\n');
    const { entries, report } = await recorded([], { filesFrom: 'list' });
    expect(at(entries, 'a/gone', 'missing').why).toBe('ENOENT');
    expect(at(entries, 'no/where', 'missing').why).toBe('ENOENT');
    expect(at(entries, 'no', 'directory').lacks).toBe('ENOENT');
    expect(report.snapshot?.complete).toBe(false);
  });

  it('a list beside a source makes one tree of both', async () => {
    fs.writeFileSync('list', 'file\na/f\n');
    expect(await pathsOfRun(['c'], { filesFrom: 'list' })).toEqual([
      ...['a', 'a/f', 'c', 'c/h', 'c/link', 'file'],
    ]);
  });

  it('a source that is a link is what it leads to', async () => {
    fs.symlinkSync('a', 'to-a');
    const { entries } = await recorded(['to-a']);
    expect(plain(entries)).toEqual(seen('a'));
    fs.symlinkSync('a/f', 'to-f');
    expect(await pathsOfRun(['to-f', 'c/h'])).toEqual(
      [...pathsOf((await recorded([join(cwd, 'a/f')])).entries), ...['c', 'c/h']].sort(),
    );
  });

  it('neither the store nor a manifest is in it', async () => {
    const options = { manifest: 'a/manifest' };
    fs.writeFileSync('a/manifest', '');
    const { entries } = await recorded(['a'], options, 'a/b/store');
    expect(pathsOf(entries)).toEqual(['', 'b', 'b/g', 'empty', 'f']);
  });

  it('a directory on another file system is empty where only one is wanted', async (context) => {
    demand(context, fs.existsSync('/dev/shm'), 'there is no /dev/shm');
    demandMounts(context);
    const { execFileSync } = await import('node:child_process');
    execFileSync('mount', ['-t', 'tmpfs', 'none', 'a/empty']);
    try {
      fs.writeFileSync('a/empty/below', '');
      fs.chmodSync('a/empty', 0o711);
      const { entries } = await recorded(['a'], { oneFileSystem: true });
      expect(pathsOf(entries)).toEqual(['', 'b', 'b/g', 'empty', 'f']);
      expect(at(entries, 'empty', 'directory').mode).toBe(0o711);
    } finally {
      execFileSync('umount', ['a/empty']);
    }
  });

  it('sources that clash are wrong usage, and nothing is made', async () => {
    const store = newStore();
    process.chdir('c');
    fs.mkdirSync('a');
    await expect(recorded(['a', '../a'], {}, store)).rejects.toMatchObject({ code: 'INGOT_CLASH' });
    expect(fs.existsSync(store)).toBe(false);
    const { entries } = await recorded(['a', '../a'], { as: ['here', 'a'] }, store);
    expect(pathsOf(entries)).toEqual([...ALL_OF_A, 'here']);
  });
});
