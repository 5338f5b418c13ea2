/** A quiet disk to measure on: ext4 on a loop file in memory, made anew for every run. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { failed, IngotError } from '../src/errors.ts';
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
  const folders: string[] = [];
  const makeFolder = (parent: string) => {
    const folder = fs.mkdtempSync(path.join(parent, 'ingot-bench-'));
    folders.push(folder);
    return folder;
  };
  let mounted: string | undefined;
  const remove = () => {
    // Lazily: what uses it still is a process that the kernel has not let go of yet.
    if (mounted !== undefined) runInPlace('umount', '--lazy', mounted);
    mounted = undefined;
    for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    const at = makeFolder(os.tmpdir());
    const file = path.join(makeFolder(MEMORY), 'ext4');
    const renew = () => {
      if (mounted !== undefined) runInPlace('umount', mounted);
      mounted = undefined;
      awaitRelease(file);
      // Not lazy: the kernel would go on initializing tables while a run is measured.
      const ready = 'lazy_itable_init=0,lazy_journal_init=0,nodiscard';
      const options = ['-q', '-F', '-m', '0', '-N', `${size.inodes}`, '-E', ready];
      runInPlace('mkfs.ext4', ...options, file);
      runInPlace('mount', '-o', 'loop,noatime', file, at);
      mounted = at;
      fs.rmdirSync(path.join(at, 'lost+found'));
    };
    // Preallocated, and never discarded: else each run would pay for getting the memory anew.
    runInPlace('fallocate', '-l', `${imageBytes(size)}`, file);
    renew();
    const description = 'ext4 on a loop file in memory';
    return { path: at, description, renew, freeBytes: () => freeBytesAt(at), remove };
  } catch (error) {
    remove();
    throw notMade(error);
  }
}

function notMade(error: unknown): IngotError {
  const failure = {
    what: 'cannot make a quiet disk',
    code: 'INGOT_BENCH_DISK',
    why: failed('it cannot be set up', error).message,
    hint: '--on DIR measures on a disk that is there',
  };
  return new IngotError(failure, error);
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
        what: 'cannot make the quiet disk anew',
        code: 'INGOT_BENCH_DISK',
        why: 'a process in another mount namespace holds the last one',
      });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}
