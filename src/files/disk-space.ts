/** How much room the file system of a path has. */
import fs from 'node:fs';
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

/** Throws what statfs(2) throws. */
export function diskSpace(path: string): DiskSpace {
  const { blocks, bavail, bsize, files, ffree } = fs.statfsSync(path);
  return {
    bytes: blocks * bsize,
    bytesFree: bavail * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}

/** Throws what statfs(2) throws. */
export function fileSystemStats(path: string): FileSystemStats {
  return { type: fileSystemTypeOf(path).name, ...diskSpace(path) };
}
