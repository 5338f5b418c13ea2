/** A quiet disk to measure on: ext4 on a loop file in memory, made anew for every run. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface QuietDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** An empty file system again: deleting would leave traces that slow the next run down. */
  renew(): void;
  remove(): void;
}

/** Needs root. Throws what mkfs.ext4 or mount say. */
export function makeQuietDisk(gibibytes: number): QuietDisk {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ingot-bench-'));
  const image = fs.mkdtempSync('/dev/shm/ingot-bench-');
  const file = path.join(image, 'ext4');
  let mounted = false;
  const unmount = () => {
    if (mounted) run('umount', folder);
    mounted = false;
  };
  const renew = () => {
    unmount();
    run(
      'mkfs.ext4',
      '-q',
      '-F',
      '-N',
      '4000000',
      '-E',
      'lazy_itable_init=0,lazy_journal_init=0,nodiscard',
      file,
    );
    run('mount', '-o', 'loop,noatime', file, folder);
    mounted = true;
  };
  const remove = () => {
    unmount();
    for (const made of [folder, image]) fs.rmSync(made, { recursive: true });
  };
  try {
    // Preallocated, and never discarded: else each run would pay for getting the memory anew.
    run('fallocate', '-l', `${gibibytes}G`, file);
    renew();
  } catch (error) {
    remove();
    throw error;
  }
  return { path: folder, renew, remove };
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
