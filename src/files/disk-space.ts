/** How much room the file system of a path has. */
import fs from 'node:fs';
import { failed } from '../errors.ts';
import { fileSystemTypeOf } from '../native/file-system-type.ts';

export interface DiskSpace {
  readonly bytes: number;
  /** What this user may still write. */
  readonly bytesFree: number;
  /** 0 where the file system has no fixed number of inodes. */
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface FileSystemStats extends DiskSpace {
  /** Its usual name, like `ext4`. */
  readonly type: string;
}

/** Throws an IngotError. */
export function diskSpace(path: string): DiskSpace {
  const { blocks, bavail, bsize, files, ffree } = statfs(path);
  return {
    bytes: blocks * bsize,
    bytesFree: bavail * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}

function statfs(path: string): fs.StatsFs {
  try {
    return fs.statfsSync(path);
  } catch (error) {
    throw failed('cannot see how much room the disk has (statfs)', error, { path });
  }
}

/** Throws an IngotError. */
export function fileSystemStats(path: string): FileSystemStats {
  return { type: fileSystemTypeOf(path).name, ...diskSpace(path) };
}
