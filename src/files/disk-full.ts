import { bestEffort, errnoOf } from '../errors.ts';
import { type DiskSpace, diskSpace } from './disk-space.ts';

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
    case 'EFBIG':
      return 'raise the limit on the size of files (ulimit -f), or use a file system that takes files this large (FAT takes 4 GiB)';
    default:
      return undefined;
  }
}

/**
 * By now there may be inodes again: another thread that found none has removed its temps. But a
 * file that cannot even be opened on a disk with room lacks nothing else.
 */
function lacksInodes(error: unknown, { bytesFree, inodes, inodesFree }: DiskSpace): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return inodes > 0 && (inodesFree === 0 || (syscall === 'open' && bytesFree > SOME_ROOM));
}

/** More than a directory or the file system's own records ask for. */
export const SOME_ROOM = 1 << 20;

/** Undefined when the disk no longer answers: the hint is given without figures then. */
export function spaceAt(path: string): DiskSpace | undefined {
  let space: DiskSpace | undefined;
  bestEffort(() => {
    space = diskSpace(path);
  });
  return space;
}

function sizeOf(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 2 ** 10)} KiB`;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
