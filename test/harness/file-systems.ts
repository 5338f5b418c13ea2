/** The kinds of file systems that ingot is tried on, each with what it can do. */
import fs from 'node:fs';
import type { TestContext } from 'vitest';
import { demand, demandProgram, mountBindfs, mountImage, mountTmpfs } from './mounts.ts';

export interface FileSystem {
  readonly name: 'ext4' | 'xfs' | 'btrfs' | 'tmpfs' | 'bindfs';
  readonly barrier: 'syncfs' | 'fsync';
  /** A large file shares its blocks with its object. */
  readonly reflinks: boolean;
  /** Mounts an empty one of some hundred MiB. Gives its mount point. */
  mount(): string;
}

export const FILE_SYSTEMS: readonly FileSystem[] = [
  {
    name: 'ext4',
    barrier: 'syncfs',
    reflinks: false,
    mount: () => mountImage('ext4', 200, '-m', '0'),
  },
  {
    name: 'xfs',
    barrier: 'syncfs',
    reflinks: true,
    mount: () => mountImage('xfs', 320, '-m', 'reflink=1'),
  },
  {
    name: 'btrfs',
    barrier: 'syncfs',
    reflinks: true,
    mount: () => mountImage('btrfs', 320),
  },
  {
    name: 'tmpfs',
    barrier: 'syncfs',
    reflinks: false,
    mount: () => mountTmpfs('size=200m'),
  },
  {
    // Over a disk that would take syncfs: FUSE does not pass it on.
    name: 'bindfs',
    barrier: 'fsync',
    reflinks: false,
    mount: () => mountBindfs(mountImage('ext4', 200, '-m', '0')),
  },
];

export function demandFileSystem(
  context: Pick<TestContext, 'skip'>,
  name: FileSystem['name'],
): void {
  if (name === 'bindfs') {
    demandProgram(context, 'bindfs');
    demand(context, fs.existsSync('/dev/fuse'), 'there is no /dev/fuse');
    return;
  }
  const known = fs.readFileSync('/proc/filesystems', 'utf8').split(/\s+/);
  demand(context, known.includes(name), `the kernel has no ${name}`);
  if (name !== 'tmpfs')
    demand(context, programInPath(`mkfs.${name}`), `mkfs.${name} is not installed`);
}

function programInPath(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => fs.existsSync(`${folder}/${program}`));
}
