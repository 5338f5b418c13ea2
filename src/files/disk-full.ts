import fs from 'node:fs';
import { errnoOf } from '../errors.ts';
import type { Layout } from '../store/choices.ts';

/**
 * What to do about a failed write: which disk is full, and of what. `needed` is in bytes, where it
 * is known how many the write still had to place.
 */
export function diskFullHint(error: unknown, root: string, needed?: number): string | undefined {
  switch (errnoOf(error)) {
    case 'ENOSPC': {
      const space = spaceAt(root);
      if (space === undefined) return `free space on the disk of ${root} and run again`;
      if (lacksInodes(error, space))
        return `the disk of ${root} has no inodes left: one is needed for each new object; remove files there or use a file system with more, and run again`;
      const need =
        needed === undefined || needed === 0 ? '' : `, this write needs ${sizeOf(needed)} more`;
      return `the disk of ${root} has ${sizeOf(space.bytesFree)} free${need}; free space there and run again`;
    }
    case 'EDQUOT':
      return `the quota on the disk of ${root} is used up; raise it or free space and run again`;
    case 'EROFS':
      return `the disk of ${root} is mounted read-only`;
    case 'EACCES':
    case 'EPERM':
      return 'check owner and mode of the store';
    default:
      return undefined;
  }
}

/**
 * What to do about a rename that found no room. ext4 refuses a name when its directory index is
 * full (two levels of blocks, some 5.5 million objects) although the disk has room.
 */
export function directoryFullHint(
  error: unknown,
  root: string,
  layout: Layout,
): string | undefined {
  if (errnoOf(error) !== 'ENOSPC') return diskFullHint(error, root);
  const space = spaceAt(root);
  const roomLeft = space === undefined || (space.bytesFree > SOME_ROOM && space.filesFree !== 0);
  if (layout === 'flat' && roomLeft)
    return `the disk has room, but its directory index is full: no more names fit into ${root}; run 'ingot relayout --to sharded' and ingest again`;
  return diskFullHint(error, root);
}

/**
 * By now there may be inodes again: another thread that found none has removed its temps. But a
 * file that cannot even be opened on a disk with room lacks nothing else.
 */
function lacksInodes(error: unknown, { bytesFree, files, filesFree }: Space): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return files > 0 && (filesFree === 0 || (syscall === 'open' && bytesFree > SOME_ROOM));
}

/** More than a directory or the file system's own records ask for. */
const SOME_ROOM = 1 << 20;

interface Space {
  readonly bytesFree: number;
  /** Inodes; 0 where the file system has no limit. */
  readonly files: number;
  readonly filesFree: number;
}

function spaceAt(root: string): Space | undefined {
  try {
    const { bavail, bsize, files, ffree } = fs.statfsSync(root);
    return { bytesFree: bavail * bsize, files, filesFree: ffree };
  } catch (error) {
    // The hint is told without figures when the disk no longer answers.
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function sizeOf(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 2 ** 10)} KiB`;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
