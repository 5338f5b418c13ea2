/** Disks, calls and processes that fail in the middle of a restore. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { restore } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/snapshot/entry.ts';
import { demandFileSystem, FILE_SYSTEMS } from '../harness/file-systems.ts';
import { demandMounts, demandProgram, mountTmpfs } from '../harness/mounts.ts';
import { ingot, script, UNPRIVILEGED } from '../harness/run.ts';
import { ingotInjected } from '../harness/strace.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { fileAt } from '../snapshot/trees.ts';
import { demandXattrs, look, pathsIn, setXattr, snapshotOf } from './snapshots.ts';

let folder: string;
let tree: string;
let store: string;
let back: string;
beforeEach(async () => {
  folder = temporaryDirectory();
  tree = makeTree({
    'a/one': 'one',
    'b/two': 'two',
    'b/link': { symlink: 'two' },
    large: randomBytes(5 << 20),
  });
  fs.linkSync(join(tree, 'a/one'), join(tree, 'b/same'));
  store = await snapshotOf(tree, join(folder, 'store'));
  back = join(folder, 'back');
});

const args = (...more: string[]) => [
  ...['restore', 'latest', back, '--store', store, '--threads', '1', '-q', ...more],
];

const CONTINUED = ['--overwrite', 'if-changed'];

function expectContinued(): void {
  expect(ingot(args(...CONTINUED))).toMatchObject({ code: 0, stderr: '' });
  expect(look(back)).toEqual(look(tree));
}

describe('a disk that is full', () => {
  it('ends the restore in one line, and what is there stays', async (context) => {
    demandMounts(context);
    back = join(mountTmpfs('size=2m'), 'back');
    const ended = ingot(args());
    expect(ended.stderr).toMatch(
      /^ingot: cannot write the tree: \S+\/back\/large: [^\n]*\(ENOSPC\); the disk of \S+ has [^\n]* free, this write needs [^\n]* more; free space there and continue with --overwrite if-changed\n$/,
    );
    expect(ended.code).toBe(1);
    expect(fs.readFileSync(join(back, 'a/one'), 'utf8')).toBe('one');
    expect(fs.existsSync(join(back, 'large'))).toBe(false);
    execFileSync('mount', ['-o', 'remount,size=20m', join(back, '..')]);
    expectContinued();
  });

  it('that may not be written to is one line', async (context) => {
    demandMounts(context);
    const disk = mountTmpfs('size=2m');
    back = join(disk, 'back');
    fs.mkdirSync(back);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const ended = ingot(args());
    expect(ended.stderr).toMatch(
      /^ingot: cannot write the tree: [^\n]*\(EROFS\); [^\n]*read-only\n$/,
    );
    expect(ended.code).toBe(1);
  });
});

describe('what fails for one entry', () => {
  it('is named, and the rest is restored: a name that is too long', async () => {
    const long = 'n'.repeat(300);
    const entries: Entry[] = [
      { ...fileAt('f'), path: long },
      { ...fileAt('f'), path: 'g' },
      { ...fileAt('f'), path: `d${long}/x` },
      { type: 'directory', path: `d${long}`, mode: 0o755, uid: 0, gid: 0, mtime: 1n },
    ];
    await storeSnapshot(store, entries, { contents: ['f'] });
    const ended = ingot(args());
    expect(ended.stderr.split('\n').sort().slice(1)).toEqual([
      expect.stringMatching(/^ingot: cannot make a directory: [^\n]*\(ENAMETOOLONG\); [^\n]*$/),
      expect.stringMatching(/^ingot: cannot restore a file: [^\n]*\(ENAMETOOLONG\); [^\n]*$/),
    ]);
    expect(ended.code).toBe(3);
    expect(pathsIn(back)).toEqual(['', 'g']);
    expect(JSON.parse(ingot(args('--json', ...CONTINUED)).stdout)).toMatchObject({ failed: 3 });
  });

  it('is named, and the rest is restored: a directory of somebody else', () => {
    makeTree({ 'b/mine': 'mine' }, back);
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    fs.chmodSync(back, 0o777);
    fs.chmodSync(join(back, 'b'), 0o555);
    if (UNPRIVILEGED !== '') fs.chownSync(join(back, 'b'), 1234, 1234);
    else fs.chmodSync(join(back, 'b'), 0o555);
    const ended = script(`${UNPRIVILEGED} $INGOT ${args('--overwrite', 'always').join(' ')}`);
    const denied = ended.stderr.split('\n').filter((line) => line.includes('EACCES'));
    if (UNPRIVILEGED !== '') {
      expect(denied.length).toBe(3);
      expect(ended.code).toBe(3);
    }
    expect(fs.readFileSync(join(back, 'a/one'), 'utf8')).toBe('one');
    expect(fs.readFileSync(join(back, 'b/mine'), 'utf8')).toBe('mine');
    if (UNPRIVILEGED !== '') fs.chownSync(join(back, 'b'), 0, 0);
  });
});

describe('a call that is missing or fails', () => {
  beforeEach((context) => {
    demandProgram(context, 'strace');
  });
  const injected = (inject: string, ...more: string[]) => ingotInjected(args(...more), { inject });

  it.each(['ENOSYS', 'EPERM'])('openat2 with %s: directories are opened one by one', (error) => {
    expect(injected(`openat2:error=${error}`)).toMatchObject({ code: 0, stderr: '' });
    expect(look(back)).toEqual(look(tree));
  });

  it('linkat: hard links become files, named once', () => {
    const ended = ingotInjected(args(), { inject: 'linkat:error=EPERM' });
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(3);
    const ino = (path: string) => fs.statSync(join(back, path)).ino;
    expect(ino('b/same')).not.toBe(ino('a/one'));
    expect(fs.readFileSync(join(back, 'b/same'), 'utf8')).toBe('one');
  });

  it.each(['symlinkat', 'mkdirat'])('%s: what needs it fails, and is named', (call) => {
    const ended = injected(`${call}:error=EPERM`);
    expect(ended.stderr).toMatch(/\(EPERM\)/);
    expect(ended.code).toBe(3);
    expect(fs.statSync(join(back, 'large')).size).toBe(5 << 20);
  });

  it.each([
    ['fchmod', 'mode'],
    ['utimensat', 'time'],
  ])('%s: what is not set is counted', (call, what) => {
    const ended = injected(`${call}:error=EPERM`, '--json');
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout).shortfalls[what]).toBeGreaterThan(0);
    expect(pathsIn(back)).toEqual(pathsIn(tree));
  });

  it('fsetxattr: what is not set is counted', async (context) => {
    demandXattrs(context, folder);
    setXattr(join(tree, 'a/one'), 'user.a', 'a');
    setXattr(join(tree, 'b'), 'user.b', 'b');
    store = await snapshotOf(tree);
    const ended = injected('fsetxattr:error=EOPNOTSUPP', '--json');
    expect(ended.code).toBe(3);
    // Those of one file with two names, and of a directory.
    expect(JSON.parse(ended.stdout).shortfalls.attribute).toBe(2);
  });

  it('a failed flush fails the restore', () => {
    const ended = injected('syncfs:error=EIO', '--fsync');
    expect(ended.stderr).toMatch(
      /^ingot: cannot make the tree durable: \S+\/back: [^\n]*\(EIO\)\n$/,
    );
    expect(ended.code).toBe(1);
  });

  it('no descriptor is left: one line, and what is there stays', () => {
    const ended = ingotInjected(args(), {
      inject: 'mkdirat:error=EMFILE',
    });
    expect(ended.stderr).toMatch(/^ingot: [^\n]*\(EMFILE\); [^\n]*\n$/);
    expect(ended.code).toBe(1);
    expectContinued();
  });

  it('a write that the disk refuses is named', () => {
    fs.mkdirSync(join(back, 'b'), { recursive: true });
    const ended = ingotInjected(args(...CONTINUED), {
      ...{ inject: 'write:error=EIO', on: [join(back, 'b/two')] },
    });
    expect(ended.stderr).toMatch(/^ingot: cannot restore a file: \S+\/b\/two: [^\n]*\(EIO\)\n$/);
    expect(ended.code).toBe(3);
    expect(fs.existsSync(join(back, 'b/two'))).toBe(false);
    expectContinued();
  });
});

describe('a file system', () => {
  it.for(FILE_SYSTEMS)('$name takes all', async ({ name, mount, reflinks }, context) => {
    demandMounts(context);
    demandFileSystem(context, name);
    const disk = mount();
    store = await snapshotOf(tree, join(disk, 'store'));
    back = join(disk, 'back');
    const report = await restore(store, 'latest', back, { fsync: name !== 'bindfs' });
    expect(look(back)).toEqual(look(tree));
    expect(report).toMatchObject({ failed: 0, files: 3, hardLinks: 1 });
    if (reflinks) {
      const extents = execFileSync('filefrag', ['-v', join(back, 'large')], { encoding: 'utf8' });
      expect(extents).toContain('shared');
    }
  });
});
