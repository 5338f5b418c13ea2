import fs from 'node:fs';
import os from 'node:os';
import { errnoOf, hasErrno } from '../errors.ts';

export interface FileSystemType {
  /** Its usual name; `unknown (0x…)` for a type that is not in the table. */
  readonly name: string;
  /** syncfs(2) returns only when all data and names are on the device: it can be the barrier. */
  readonly syncfsIsBarrier: boolean;
  /** Files can share blocks (FICLONE). */
  readonly reflinks: boolean;
  /**
   * A directory has the same inode as long as it is mounted. Elsewhere one that memory has forgotten
   * may come back with another.
   */
  readonly inodesStay: boolean;
  /** Times of files are by this machine's clock, not by a server's. */
  readonly timesAreLocal: boolean;
}

const DISK = { syncfsIsBarrier: true, inodesStay: true, timesAreLocal: true } as const;
const SERVER = { syncfsIsBarrier: false, reflinks: false, timesAreLocal: false } as const;

/** `f_type` of statfs(2), from linux/magic.h and the file systems' own headers. */
const TYPES = new Map<number, FileSystemType>([
  [0xef53, { name: 'ext4', reflinks: false, ...DISK }],
  [0x58465342, { name: 'xfs', reflinks: true, ...DISK }],
  [0x9123683e, { name: 'btrfs', reflinks: true, ...DISK }],
  [0xf2f52010, { name: 'f2fs', reflinks: false, ...DISK }],
  [0x2fc12fc1, { name: 'zfs', reflinks: false, ...DISK }],
  [0x01021994, { name: 'tmpfs', reflinks: false, ...DISK }],
  // FUSE does not pass syncfs on to its server, so it would flush nothing.
  [0x65735546, { name: 'fuse', inodesStay: false, ...SERVER }],
  [0x6969, { name: 'nfs', inodesStay: true, ...SERVER }],
  [0xff534d42, { name: 'cifs', inodesStay: false, ...SERVER }],
  [
    0x794c7630,
    {
      ...{ name: 'overlayfs', syncfsIsBarrier: false, reflinks: false },
      ...{ inodesStay: false, timesAreLocal: true },
    },
  ],
]);

/**
 * The type of the file system that holds `path`; an unknown one where a sandbox or the file system
 * refuses statfs(2). Throws what else that fails with.
 */
export function fileSystemTypeOf(path: string | Buffer): FileSystemType {
  try {
    const magic = fs.statfsSync(path).type >>> 0;
    return TYPES.get(magic) ?? unknown(`0x${magic.toString(16)}`);
  } catch (error) {
    if (!hasErrno(error, 'EPERM', 'ENOSYS')) throw error;
    return unknown(`statfs: ${errnoOf(error)}`);
  }
}

function unknown(why: string): FileSystemType {
  return { name: `unknown (${why})`, inodesStay: false, ...SERVER };
}

/** Linux reports write-back errors from syncfs(2) since 5.8; earlier kernels swallow them. */
export function syncfsReportsErrors(release = os.release()): boolean {
  if (process.platform !== 'linux') return false;
  const [major = 0, minor = 0] = release.split('.').map(Number.parseFloat);
  return major > 5 || (major === 5 && minor >= 8);
}
