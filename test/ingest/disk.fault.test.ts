import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  demand,
  demandMounts,
  demandProgram,
  mountBindfs,
  mountImage,
  mountTmpfs,
  remount,
} from '../harness/mounts.ts';
import { NOT_EMPTY, plant } from '../harness/planted.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import {
  expectFailure,
  expectNextRunCompletes,
  expectWhole,
  outcomesOf,
} from '../harness/store-checks.ts';
import { makeTree, type TreeLiteral, temporaryDirectory } from '../harness/tree.ts';

beforeEach(demandMounts);

const run = (source: string, store: string, ...options: string[]) =>
  ingot(['ingest', source, '--store', store, '--no-progress', ...options]);

/** Files of 20 kB, all different. */
function manyFiles(count: number): TreeLiteral {
  const names = Array.from({ length: count }, (_, n) => `d${n % 3}/f${n}`);
  return Object.fromEntries(names.map((name) => [name, randomBytes(20_000)]));
}

async function expectFullDiskTold(): Promise<void> {
  const disk = mountTmpfs('size=4m');
  const [source, store] = [makeTree(manyFiles(300)), join(disk, 's')];
  const ended = run(source, store, '--json');
  expectFailure(ended, new RegExp(`ENOSPC.*disk of ${store} has \\d+ KiB free.*needs 20 KiB more`));
  expect(tempsIn(store)).toEqual([]);
  const { new: stored = 0, unfinished } = outcomesOf(ended);
  expect(unfinished).toBe(300 - stored);
  expect(expectWhole(store).length).toBe(stored);
  remount(disk, 'size=16m');
  expect((await expectNextRunCompletes(source, store)).length).toBe(300);
}

describe('a disk that fills up', () => {
  it(
    'among many small files fails the run with what is free and needed, and leaves no temp',
    expectFullDiskTold,
  );

  it('keeps and counts what earlier groups have stored', () => {
    const [source, store] = [makeTree(manyFiles(1400)), join(mountImage('ext4', 30), 's')];
    const ended = run(source, store, '--json', '--threads', '1');
    expectFailure(ended, /ENOSPC/);
    const { new: stored = 0, unfinished } = outcomesOf(ended);
    expect(stored).toBeGreaterThan(0);
    expect(unfinished).toBe(1400 - stored);
    expect(expectWhole(store).length).toBe(stored);
  });

  it('with a large file tells how much of that file is still to be written', async () => {
    const disk = mountImage('ext4', 20);
    const source = makeTree({ large: randomBytes(40 << 20) });
    const store = join(disk, 's');
    const ended = run(source, store, '-q');
    expectFailure(
      ended,
      new RegExp(`ENOSPC.*disk of ${store} has .* needs [23]\\d\\.\\d MiB more`),
    );
    expect(expectWhole(store)).toEqual([]);
    fs.truncateSync(join(source, 'large'), 8 << 20);
    await expectNextRunCompletes(source, store);
  });

  it('before a store can be made or opened is named all the same', async () => {
    const disk = mountTmpfs('size=1m');
    const source = makeTree({ a: 'a' });
    expect(run(source, join(disk, 's')).code).toBe(0);
    try {
      fs.writeFileSync(join(disk, 'filler'), Buffer.alloc(2 << 20));
    } catch {
      // It is there to take all there is.
    }
    for (const name of ['s', 't'])
      expectFailure(run(source, join(disk, name), '-q'), /ENOSPC.*has 0 KiB free; free space/);
    fs.rmSync(join(disk, 'filler'));
    for (const name of ['s', 't']) await expectNextRunCompletes(source, join(disk, name));
  });

  it('with its inodes says so instead of speaking of space', async () => {
    const disk = mountTmpfs('size=40m,nr_inodes=100');
    const [source, store] = [makeTree(manyFiles(200)), join(disk, 's')];
    expectFailure(
      run(source, store, '-q'),
      new RegExp(`ENOSPC.*disk of ${store} has no inodes left`),
    );
    expectWhole(store);
    remount(disk, 'nr_inodes=1000');
    await expectNextRunCompletes(source, store);
  });

  it('with the last inode says so when a worker finds none for its folder', () => {
    const disk = mountTmpfs('size=40m,nr_inodes=100');
    const [source, store] = [makeTree({ a: 'a' }), join(disk, 's')];
    expect(run(source, store, '-q').code).toBe(0);
    // One is left for the writer's folder, and one for its lock.
    for (let n = fs.statfsSync(disk).ffree - 2; n > 0; n--)
      fs.writeFileSync(join(disk, `f${n}`), '');
    expectFailure(
      run(makeTree({ b: 'b' }), store, '-q'),
      new RegExp(
        `cannot make a folder for a worker's temps: .*ENOSPC.*${store} has no inodes left`,
      ),
    );
    expectWhole(store);
  });
});

describe('a flat store whose directory index is full', () => {
  it('is told from a full disk, and takes more after the relayout that the message names', () => {
    // 1 KiB blocks make the index full at some 90,000 names instead of 5.5 million.
    const small = ['-b', '1024', '-N', '200000', '-O', '^large_dir,^has_journal'];
    const store = join(mountImage('ext4', 200, ...small), 's');
    const files = Array.from({ length: 300 }, (_, n) => [`f${n}`, `content ${n}`] as const);
    const source = makeTree(Object.fromEntries(files));
    expect(run(makeTree({ first: '1' }), store, '-q').code).toBe(0);
    const filled = fillDirectory(store);
    expectFailure(
      run(source, store, '-q'),
      new RegExp(
        `ENOSPC.*disk has room.*directory index is full.*${store}.*'ingot relayout --to sharded'`,
      ),
    );
    const moved = ingot([
      'relayout',
      '--to',
      'sharded',
      '--store',
      store,
      '--json',
      '--no-progress',
    ]);
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(moved.stdout).moved).toBeGreaterThan(filled);
    expect(fs.readdirSync(store).filter((name) => name.length === 64)).toEqual([]);
    const ended = run(source, store, '--json');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended).unfinished).toBeUndefined();
  });
});

/** Adds object names, links to one empty file, until 300 were refused. Gives their number. */
function fillDirectory(folder: string): number {
  const LINKS = 64_000; // ext4 allows 65,000 to a file
  let target = '';
  let made = 0;
  for (let refused = 0; refused < 300; ) {
    if (made % LINKS === 0) {
      target = join(folder, '.ingot', `links${made}`);
      fs.writeFileSync(target, '');
    }
    try {
      fs.linkSync(target, join(folder, randomBytes(32).toString('hex')));
      made++;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      refused++;
    }
  }
  return made;
}

describe('a disk that is mounted read-only', () => {
  it('is named, whether the store is there or not', () => {
    const disk = mountImage('ext4', 20);
    const source = makeTree({ a: 'a' });
    expect(run(source, join(disk, 's'), '-q').code).toBe(0);
    remount(disk, 'ro');
    for (const store of [join(disk, 's'), join(disk, 't')])
      expectFailure(run(source, store, '-q'), new RegExp(`${store}.*EROFS`));
    expect(run(source, join(disk, 's'), '--dry-run', '-q').code).toBe(0);
  });
});

describe.each(['xfs', 'btrfs'] as const)('a large file on %s', (type) => {
  beforeEach((context) => {
    demandProgram(context, `mkfs.${type}`);
    demand(context, fs.readFileSync('/proc/filesystems', 'utf8').includes(type), `no ${type} here`);
  });

  it('shares its blocks with its object, and its duplicates take no room either', () => {
    const disk = mountImage(type, 320);
    const content = randomBytes(32 << 20);
    const source = makeTree({ 'a/large': content, 'b/copy': content }, join(disk, 'src'));
    const store = join(disk, 's');
    const before = usedBytes(disk);
    const ended = run(source, store, '--json');
    expect(outcomesOf(ended)).toEqual({ new: 1, duplicate: 1 });
    expect(usedBytes(disk) - before).toBeLessThan(4 << 20);
    expect(expectWhole(store).length).toBe(1);
    // A source that is written to afterwards leaves the object as it was.
    fs.writeFileSync(join(source, 'a/large'), 'changed', { flag: 'r+' });
    expect(ingot(['verify', '--store', store, '-q']).code).toBe(0);
    // From another disk nothing can be shared, and nothing has to be written.
    const other = makeTree({ third: content }, temporaryDirectory());
    expect(JSON.parse(run(other, store, '--json').stdout)).toMatchObject({
      outcomes: { duplicate: 1 },
      bytesWritten: 0,
    });
  });
});

function usedBytes(disk: string): number {
  execFileSync('sync', ['-f', disk]);
  const { blocks, bfree, bsize } = fs.statfsSync(disk);
  return (blocks - bfree) * bsize;
}

describe('a store on FUSE', () => {
  beforeEach((context) => {
    demandProgram(context, 'bindfs');
    demand(context, fs.existsSync('/dev/fuse'), 'there is no /dev/fuse');
  });

  it('is flushed file by file, because FUSE does not pass syncfs on', async () => {
    const below = temporaryDirectory();
    const store = join(mountBindfs(below), 's');
    const source = makeTree({ ...manyFiles(20), large: randomBytes(5 << 20) });
    const report = await ingest(store, [source]);
    expect(report).toMatchObject({
      barrier: 'fsync',
      outcomes: { new: 21 },
      flushes: { barriers: 0, files: 21 },
    });
    expect(expectWhole(join(below, 's')).length).toBe(21);
    await expectNextRunCompletes(source, store);
  });

  it('refuses --barrier syncfs as wrong usage', () => {
    const store = join(mountBindfs(temporaryDirectory()), 's');
    const source = makeTree({ a: 'a' });
    const ended = run(source, store, '--barrier', 'syncfs', '-q');
    expect(ended.stderr).toMatch(
      /^ingot: cannot use --barrier syncfs: .*fuse.*--barrier fsync.*\n$/,
    );
    expect(ended.code).toBe(2);
  });
});

describe('the trial of full disks finds', () => {
  it.each([
    ['a failed write that counts as made', 'skipWrites', /expected '' to match .*ENOSPC/],
    ['temps that stay', 'litter', NOT_EMPTY],
  ])('%s', async (_, defect, found) => {
    plant(defect);
    await expect(expectFullDiskTold()).rejects.toThrow(found);
  });
});
