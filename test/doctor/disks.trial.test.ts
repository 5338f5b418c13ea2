import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { type DoctorReport, doctor, type Layout } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { createStore } from '../../src/store/local/on-disk/create-store.ts';
import {
  demand,
  demandMounts,
  demandProgram,
  mountBindfs,
  mountImage,
  mountTmpfs,
  remount,
} from '../harness/mounts.ts';
import { ingot } from '../harness/run.ts';
import { expectFailure } from '../harness/store-checks.ts';
import { temporaryDirectory } from '../harness/tree.ts';

beforeEach(demandMounts);

/** Long enough to have tried everything once. */
const BUDGET_MS = 1500;

function namesOn(disk: string): string[] {
  return fs.readdirSync(disk, { recursive: true, encoding: 'utf8' }).sort();
}

/** Where there is no store, and in a store; the disk holds the same names before and after. */
async function examine(disk: string): Promise<DoctorReport> {
  const before = namesOn(disk);
  const report = await doctor(join(disk, 's'), { budgetMs: BUDGET_MS });
  expect(report).toMatchObject({ kind: 'missing', probedIn: disk });
  expect(namesOn(disk)).toEqual(before);
  createStore(join(disk, 's'), 'sharded');
  const withStore = namesOn(disk);
  const again = await doctor(join(disk, 's'), { budgetMs: BUDGET_MS });
  const existing = { layout: 'sharded' satisfies Layout, objects: 0, countedAll: true };
  expect(again).toMatchObject({ kind: 'store', existing, barrier: report.barrier });
  expect(namesOn(disk)).toEqual(withStore);
  return report;
}

describe('a doctor leaves nothing behind, and tells what it tried', () => {
  it('on ext4: syncfs, no reflink', async () => {
    const report = await examine(mountImage('ext4', 200));
    expect(report).toMatchObject({
      fileSystem: { type: 'ext4' },
      barrier: { value: 'syncfs', why: expect.stringContaining('ext4') },
      reflink: { works: false, refusedWith: expect.stringMatching(/NOT/) },
      flushes: { fsyncFile: { files: 1 }, syncfsFirst: { ms: { samples: 1 } } },
    });
    expect(report.rates.byThreads[0]!.createdFilesPerSecond.min).toBeGreaterThan(0);
    expect(report.rates.byThreads[0]!.hashedBytesPerSecond.min).toBeGreaterThan(0);
  });

  it.for(['xfs', 'btrfs'] as const)('on %s: syncfs, reflink', async (type, context) => {
    demandProgram(context, `mkfs.${type}`);
    demand(context, fs.readFileSync('/proc/filesystems', 'utf8').includes(type), `no ${type} here`);
    expect(await examine(mountImage(type, 320))).toMatchObject({
      fileSystem: { type },
      barrier: { value: 'syncfs' },
      reflink: { works: true },
      advice: { layout: { value: 'flat', why: expect.stringContaining('any number') } },
    });
  });

  it('on an XFS that was made without reflinks: none, whatever its name is', async (context) => {
    demandProgram(context, 'mkfs.xfs');
    demand(context, fs.readFileSync('/proc/filesystems', 'utf8').includes('xfs'), 'no xfs here');
    const disk = mountImage('xfs', 320, '-m', 'reflink=0');
    const report = await doctor(disk, { budgetMs: BUDGET_MS });
    expect(report).toMatchObject({ fileSystem: { type: 'xfs' }, reflink: { works: false } });
  });

  it('on tmpfs: that a power cut takes all', async () => {
    expect(await examine(mountTmpfs('size=64m'))).toMatchObject({
      fileSystem: { type: 'tmpfs' },
      barrier: { value: 'syncfs' },
      reflink: { works: false },
      advice: { durability: { value: 'group', why: expect.stringContaining('power cut') } },
    });
  });

  it('on FUSE: fsync, and no syncfs is tried', async (context) => {
    demandProgram(context, 'bindfs');
    demand(context, fs.existsSync('/dev/fuse'), 'there is no /dev/fuse');
    const report = await examine(mountBindfs(temporaryDirectory()));
    expect(report).toMatchObject({
      fileSystem: { type: 'fuse' },
      barrier: { value: 'fsync', why: expect.stringContaining('fuse') },
      reflink: { works: false },
      advice: { barrier: { value: 'fsync' } },
    });
    expect(report.flushes.syncfsFirst).toBeUndefined();
  });
});

describe('reading, with what the page cache holds dropped', () => {
  /** Time for reads besides all else. */
  const LONGER_MS = 15_000;

  it('is measured by depth on ext4', async () => {
    const disk = mountImage('ext4', 200);
    const { reads, advice } = await doctor(join(disk, 's'), { budgetMs: LONGER_MS });
    expect(reads.obstacle).toBeUndefined();
    // On a busy machine there is no time for all of them.
    expect(reads.byDepth[0]).toMatchObject({ depth: 1 });
    expect(reads.byDepth.at(-1)).toMatchObject({ depth: 64 });
    for (const { filesPerSecond } of reads.byDepth) expect(filesPerSecond.min).toBeGreaterThan(0);
    expect(advice.readAhead).toMatchObject({ value: 'auto' });
    expect(namesOn(disk)).toEqual(['lost+found']);
  });

  it('is not on tmpfs, which is memory, and that is said in one line', () => {
    const disk = mountTmpfs('size=256m');
    const { stdout } = ingot(['doctor', '--store', join(disk, 's'), '--seconds', '15']);
    expect(stdout).toMatch(
      /\nreading {5}not measured: files that were dropped .* as fast as others/,
    );
    expect(stdout).not.toContain('--read-ahead');
    expect(namesOn(disk)).toEqual([]);
  });

  it('is on FUSE, where each file is opened by a round trip', async (context) => {
    demandProgram(context, 'bindfs');
    demand(context, fs.existsSync('/dev/fuse'), 'there is no /dev/fuse');
    const disk = mountBindfs(temporaryDirectory());
    const { reads } = await doctor(join(disk, 's'), { budgetMs: LONGER_MS });
    expect(reads.byDepth.at(-1)).toMatchObject({ depth: 64 });
  });

  it('is not where there is little room', async () => {
    const { reads } = await doctor(mountImage('ext4', 16), { budgetMs: LONGER_MS });
    expect(reads.obstacle).toMatch(/^there is room for \d+ files only$/);
  });
});

describe('a disk', () => {
  const examineByCommand = (disk: string) =>
    ingot(['doctor', '--store', join(disk, 's'), '--seconds', '1']);

  it('that is full fails the doctor with what is free, and keeps nothing of it', () => {
    const disk = mountTmpfs('size=1m');
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`], { stdio: 'ignore' });
    expectFailure(examineByCommand(disk), /ENOSPC.*has 0 KiB free/);
    expect(namesOn(disk)).toEqual(['filler']);
  });

  it('that becomes full in the middle, too', () => {
    // Room for the folder and its lock, then for nothing.
    const disk = mountTmpfs('size=4m,nr_inodes=7');
    expectFailure(examineByCommand(disk), /ENOSPC.*no inodes left/);
    expect(namesOn(disk)).toEqual([]);
  });

  it('with little room is not filled up', async () => {
    const disk = mountImage('ext4', 16);
    const report = await doctor(disk, { budgetMs: BUDGET_MS });
    expect(report.probeFiles).toBeLessThan(1000);
    expect(report.advice.warnings.join()).toMatch(/room for \d+ files/);
    expect(namesOn(disk)).toEqual(['lost+found']);
  });

  it('that is read-only is named, whether the store is there or not', () => {
    const disk = mountImage('ext4', 20);
    createStore(join(disk, 's'), 'flat');
    fs.mkdirSync(join(disk, 'other'));
    const before = namesOn(disk);
    remount(disk, 'ro');
    for (const folder of [disk, join(disk, 'other')])
      expectFailure(examineByCommand(folder), new RegExp(`${folder}.*EROFS.*read-only`));
    expect(namesOn(disk)).toEqual(before);
  });
});
