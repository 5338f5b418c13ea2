/** What an ingest records of a tree. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { openSnapshot } from 'ingot';
import { describe, expect, it, test } from 'vitest';
import { groupOf } from '../../src/snapshot/entry.ts';
import { LARGE } from '../harness/ingest-tree.ts';
import { demand, demandProgram } from '../harness/mounts.ts';
import { directoryInMemory, makeTree } from '../harness/tree.ts';
import { demandXattrs, setXattr } from '../restore/snapshots.ts';
import { at, plain, recorded, seen } from './snapshots.ts';

/** Nanoseconds of a time that Node has no number for. */
function touch(path: string, time: string): void {
  execFileSync('touch', ['-h', '-d', time, path]);
}

test('a tree of everything is recorded as lstat and reading see it', async () => {
  const tree = makeTree(
    {
      'a/file': 'content',
      'a/empty': '',
      'a.txt': 'sorts between',
      'a-b/c/d': 'deep',
      hollow: { directory: true },
      large: Buffer.alloc(LARGE, 'large'),
      link: { symlink: 'a/file' },
      'a/dangling': { symlink: '../../no\nwhere' },
      'odd \udcff\udc0a': 'odd',
      pipe: { fifo: true },
    },
    directoryInMemory(),
  );
  fs.chmodSync(join(tree, 'a/file'), 0o6755);
  fs.chmodSync(join(tree, 'a-b'), 0o3711);
  fs.linkSync(join(tree, 'a/file'), join(tree, 'a-b/c/other'));
  touch(join(tree, 'a/file'), '1969-12-31T23:59:59.123456789Z');
  touch(join(tree, 'a/empty'), '2106-03-01T00:00:00.000000001Z');
  touch(join(tree, 'link'), '2001-01-01T00:00:00.5Z');
  touch(join(tree, 'a'), '1955-11-05T06:15:00.25Z');
  const { entries, report } = await recorded([tree]);
  expect(plain(entries)).toEqual(seen(tree));
  expect(report.snapshot).toMatchObject({
    ...{ complete: true, lacks: [['fifo', 1]], entries: entries.length },
    size: 2 * 'content'.length + 'sorts between'.length + 'deep'.length + LARGE + 'odd'.length,
  });
});

test('times after 2262 keep their nanoseconds', async (context) => {
  const tree = makeTree({ 'd/f': '' }, directoryInMemory());
  touch(join(tree, 'd/f'), '2300-01-01T00:00:00.000000007Z');
  touch(join(tree, 'd'), '2300-01-01T00:00:00.000000007Z');
  const { mtimeMs } = fs.statSync(join(tree, 'd/f'));
  demand(context, mtimeMs > 1e13, 'the file system keeps no time after 2262');
  const { entries } = await recorded([tree]);
  const time = 10_413_792_000_000_000_007n;
  expect([at(entries, 'd', 'directory').mtime, at(entries, 'd/f', 'file').mtime]).toEqual([
    ...[time, time],
  ]);
});

test('owners are recorded as numbers, with the names that this host has for them', async (context) => {
  demand(context, process.getuid?.() === 0, 'only root can give files away');
  const tree = makeTree({ 'd/f': '', link: { symlink: 'd' } });
  fs.chownSync(join(tree, 'd'), 1, 2);
  fs.lchownSync(join(tree, 'link'), 12345, 54321);
  const { entries, store } = await recorded([tree]);
  expect(plain(entries)).toEqual(seen(tree));
  const { users, groups } = (await openSnapshot(store, 'latest')).reference;
  expect(users.map(([id]) => id)).toEqual([0, 1]);
  expect(Object.fromEntries(users)).toMatchObject({ 0: 'root', 1: 'daemon' });
  expect(groups.map(([id]) => id)).toEqual([0, 2]);
});

describe('names of one file', () => {
  it('are a group, called by the first in the tree, in whatever batches they come', async () => {
    const tree = makeTree(
      { 'z/f': 'one', 'b/f': 'other', 'm/large': Buffer.alloc(LARGE) },
      directoryInMemory(),
    );
    for (const [from, to] of [
      ['z/f', 'a'],
      ['z/f', 'm/f'],
      ['b/f', 'b/g'],
      ['m/large', 'b/large'],
    ] as const)
      fs.linkSync(join(tree, from), join(tree, to));
    for (const batchFiles of [1, 1000]) {
      const { entries } = await recorded([tree], { batchFiles });
      expect(plain(entries)).toEqual(seen(tree));
      for (const path of ['a', 'm/f', 'z/f'])
        expect(at(entries, path, 'file').group).toBe(groupOf('a'));
    }
  });

  it('of which the tree has only one are none', async () => {
    const tree = makeTree({ 'in/f': 'one', 'out/f': '' }, directoryInMemory());
    fs.linkSync(join(tree, 'in/f'), join(tree, 'out/g'));
    const { entries } = await recorded([join(tree, 'in')]);
    expect(at(entries, 'f', 'file').group).toBeUndefined();
    const both = await recorded([join(tree, 'in')], { exclude: ['g'] });
    expect(at(both.entries, 'f', 'file').group).toBeUndefined();
  });
});

describe('extended attributes', () => {
  const tree = () =>
    makeTree({ 'd/f': 'f', large: Buffer.alloc(LARGE), l: { symlink: 'd' } }, directoryInMemory());

  it('are those of files and directories, in order, without the ones of others', async (context) => {
    const root = tree();
    demandXattrs(context, root);
    for (const path of ['', 'd', 'd/f', 'large']) {
      setXattr(join(root, path), 'user.z', Buffer.from([0, 0xff]));
      setXattr(join(root, path), 'user.a', '');
      if (process.getuid?.() === 0) setXattr(join(root, path), 'trusted.not', 'kept');
    }
    const { entries, report } = await recorded([root]);
    expect(plain(entries)).toEqual(seen(root));
    const names = at(entries, 'd/f', 'file').xattrs?.map(({ name }) => name);
    expect(names).toEqual(['user.a', 'user.z']);
    expect(report.snapshot?.complete).toBe(true);
    const without = await recorded([root], { xattrs: false });
    for (const entry of without.entries)
      expect(entry).not.toHaveProperty('xattrs', expect.anything());
    expect(without.report.snapshot?.complete).toBe(true);
  });

  it('have access control lists', async (context) => {
    demandProgram(context, 'setfacl');
    const root = tree();
    const set = (...args: string[]) => execFileSync('setfacl', args, { cwd: root, stdio: 'pipe' });
    let kept = true;
    try {
      set('-m', 'u:12345:r', 'd/f');
    } catch {
      kept = false;
    }
    demand(context, kept, 'the file system keeps no access control lists');
    set('-d', '-m', 'u:12345:rwx', 'd');
    const { entries } = await recorded([root]);
    expect(plain(entries)).toEqual(seen(root));
    const names = (path: string, type: 'file' | 'directory') =>
      at(entries, path, type).xattrs?.map(({ name }) => name);
    expect(names('d/f', 'file')).toContain('system.posix_acl_access');
    expect(names('d', 'directory')).toContain('system.posix_acl_default');
  });

  it('too many for a line leave the entry without them, and the snapshot incomplete', async (context) => {
    const root = directoryInMemory();
    fs.writeFileSync(join(root, 'f'), 'f');
    demandXattrs(context, root);
    const big = Buffer.alloc(60_000, 1);
    let kept = true;
    try {
      for (let n = 0; n < 6; n++) setXattr(join(root, 'f'), `user.${n}`, big);
    } catch {
      kept = false;
    }
    demand(context, kept, 'the file system keeps no large extended attributes');
    const { entries, report } = await recorded([root]);
    expect(at(entries, 'f', 'file').xattrs).toBeUndefined();
    expect(report.snapshot).toMatchObject({ complete: false, lacks: [['xattrs', 1]] });
  });
});

test('what cannot be stored is listed as missing, and the snapshot is complete', async () => {
  const tree = makeTree({ pipe: { fifo: true }, socket: { socket: true }, f: '' });
  const { entries, report } = await recorded([tree]);
  const missing = entries.filter((entry) => entry.type === 'missing');
  expect(missing).toEqual([
    { type: 'missing', path: 'pipe', why: 'fifo' },
    { type: 'missing', path: 'socket', why: 'socket' },
  ]);
  expect(report.snapshot).toMatchObject({ complete: true });
  expect(report.snapshot?.lacks).toEqual([
    ['fifo', 1],
    ['socket', 1],
  ]);
});

test('a sparse file has its size, and its object the holes', async () => {
  const size = 64 << 20;
  const tree = makeTree({}, directoryInMemory());
  fs.writeFileSync(join(tree, 'sparse'), '');
  fs.truncateSync(join(tree, 'sparse'), size);
  const { entries, store } = await recorded([tree]);
  const { digest, size: found } = at(entries, 'sparse', 'file');
  expect(found).toBe(size);
  expect(fs.statSync(join(store, digest)).blocks * 512).toBeLessThan(size / 16);
});

test('many entries in one directory, and many directories, come back in order', async () => {
  const files: Record<string, string> = {};
  for (let n = 0; n < 1200; n++) files[`one/${n}`] = `${n % 7}`;
  for (let n = 0; n < 100; n++) files[`d${n}/f`] = `${n}`;
  const tree = makeTree(files);
  const { entries } = await recorded([tree], { batchFiles: 64 });
  expect(plain(entries)).toEqual(seen(tree));
  expect(entries.length).toBe(1200 + 200 + 2);
});
