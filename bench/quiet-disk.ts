/** A quiet disk to measure on: ext4 on a loop file in memory, made anew for every run. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { IngotError } from '../src/errors.ts';
import type { Arena } from './arena.ts';
import { runInPlace } from './children.ts';

/** Where the loop file lies: in memory on every Linux. */
export const MEMORY = '/dev/shm';

/** A sandbox that only starts a program lives for less. */
const RELEASE_MS = 10_000;

export interface DiskSize {
  readonly bytes: number;
  readonly inodes: number;
}

/** Why there can be no quiet disk here; undefined when there can. */
export function quietDiskLack(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount one';
  if (!fs.existsSync('/dev/loop-control')) return 'there are no loop devices here';
  return fs.existsSync(MEMORY) ? undefined : `there is no ${MEMORY}`;
}

/** What the image takes in memory for a disk with room for so much: inode tables, journal, maps. */
export function imageBytes({ bytes, inodes }: DiskSize): number {
  return Math.ceil(bytes * 1.06) + inodes * 256 + (256 << 20);
}

/** Throws an IngotError with what mkfs.ext4 or mount say. */
export function makeQuietDisk(size: DiskSize): Arena {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ingot-bench-'));
  const image = fs.mkdtempSync(path.join(MEMORY, 'ingot-bench-'));
  const file = path.join(image, 'ext4');
  let mounted = false;
  const renew = () => {
    if (mounted) runInPlace('umount', folder);
    mounted = false;
    awaitRelease(file);
    // Not lazy: the kernel would go on initializing tables while a run is measured.
    const ready = 'lazy_itable_init=0,lazy_journal_init=0,nodiscard';
    runInPlace('mkfs.ext4', '-q', '-F', '-m', '0', '-N', `${size.inodes}`, '-E', ready, file);
    runInPlace('mount', '-o', 'loop,noatime', file, folder);
    mounted = true;
    fs.rmdirSync(path.join(folder, 'lost+found'));
  };
  const remove = () => {
    // Lazily: what uses it still is a process that the kernel has not let go of yet.
    if (mounted) runInPlace('umount', '--lazy', folder);
    mounted = false;
    for (const made of [folder, image]) fs.rmSync(made, { recursive: true, force: true });
  };
  try {
    // Preallocated, and never discarded: else each run would pay for getting the memory anew.
    runInPlace('fallocate', '-l', `${imageBytes(size)}`, file);
    renew();
  } catch (error) {
    remove();
    throw error;
  }
  return {
    path: folder,
    description: 'ext4 on a loop file in memory',
    renew,
    freeBytes: () => freeBytesAt(folder),
    remove,
  };
}

export function freeBytesAt(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

/**
 * A process that has begun in a mount namespace of its own (a sandbox, a container) holds a copy of
 * the mount until it ends. Meanwhile mkfs would write below a file system that is in use, and mount
 * would show that one again. Throws an IngotError when it takes too long.
 */
function awaitRelease(file: string): void {
  const deadline = Date.now() + RELEASE_MS;
  while (runInPlace('losetup', '--associated', file) !== '') {
    if (Date.now() > deadline)
      throw new IngotError({
        what: 'cannot make a disk to measure on',
        code: 'INGOT_BENCH_DISK',
        why: 'a process in another mount namespace holds the last one',
      });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}
