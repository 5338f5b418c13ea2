/**
 * Which system calls are made to fail in which way.
 *
 * Left out, because no file system answers so (man pages of section 2, Linux 6.18):
 * - ENOSPC and EDQUOT of calls that take no room: reading, stat, flock, opening what is there.
 * - EMFILE of anything but an opening.
 * - EACCES of calls on an open file, which was looked at when it was opened.
 * - EINTR of stat, readdir, rename, link, mkdir and unlink; and of syncfs, which no signal ends.
 * - EIO of flock is what FUSE and NFS give for a server that is gone; the rest it shares with none.
 *
 * A short write is no error: strace can only pretend one, without the bytes that were written. So
 * real ones are made, by a preloaded module (short-writes.mjs) and by a limit on the file size.
 */

/** A row of the matrix: system calls that do the same thing. */
export interface Family {
  readonly name: string;
  readonly syscalls: readonly string[];
  /** How it may fail; with `creating` only where the call makes a file. */
  readonly errors: readonly string[];
  readonly creating?: readonly string[];
}

export const FAMILIES: readonly Family[] = [
  {
    name: 'open',
    syscalls: ['openat', 'openat2'],
    errors: ['EIO', 'EMFILE', 'EACCES', 'EINTR'],
    creating: ['ENOSPC', 'EDQUOT'],
  },
  { name: 'read', syscalls: ['read', 'pread64'], errors: ['EIO', 'EINTR'] },
  { name: 'readlink', syscalls: ['readlinkat'], errors: ['EIO', 'EACCES'] },
  { name: 'write', syscalls: ['write', 'pwrite64'], errors: ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR'] },
  { name: 'fsync', syscalls: ['fsync'], errors: ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR'] },
  { name: 'syncfs', syscalls: ['syncfs'], errors: ['EIO', 'ENOSPC', 'EDQUOT'] },
  {
    name: 'rename',
    syscalls: ['rename', 'renameat2', 'link', 'linkat'],
    errors: ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES'],
  },
  { name: 'mkdir', syscalls: ['mkdir'], errors: ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES'] },
  { name: 'flock', syscalls: ['flock'], errors: ['EIO', 'EINTR'] },
  { name: 'unlink', syscalls: ['unlink', 'rmdir'], errors: ['EIO', 'EACCES'] },
  { name: 'stat', syscalls: ['statx', 'fstat', 'newfstatat'], errors: ['EIO', 'EACCES'] },
  { name: 'readdir', syscalls: ['getdents64'], errors: ['EIO'] },
];

/** One kind of fault. */
export interface Cell {
  readonly family: Family;
  readonly error: string;
}

export const CELLS: readonly Cell[] = FAMILIES.flatMap((family) =>
  [...family.errors, ...(family.creating ?? [])].map((error) => ({ family, error })),
);
