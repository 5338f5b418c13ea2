import fs from 'node:fs';
import { errnoName } from '../errno.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  errnoError,
  type Koffi,
  O_CLOEXEC,
  type SharedLibrary,
  toCString,
} from './binding.ts';
import { type AnyDescriptor, type Descriptor, numberOf, owned } from './descriptor.ts';
import { uninterrupted } from './uninterrupted.ts';

/** A file that a `Files` has opened, and the same one closes. */
export type SourceFd = Descriptor<'Files'>;

/**
 * The calls on files that are made for every entry. They are made again when a signal interrupts
 * them, and throw what else they fail with.
 */
export interface Files {
  /** open(2). */
  open(path: string | Buffer, flags: number, mode: number): SourceFd;
  /**
   * read(2): at most `size` bytes from where the last one ended; gives their number, 0 at the end.
   * Not pread(2), since some file systems (FUSE) have files without positions.
   */
  read(fd: AnyDescriptor, into: Uint8Array, size: number): number;
  /** write(2): the number of bytes that were taken. */
  write(fd: AnyDescriptor, bytes: Uint8Array): number;
  /** close(2): the descriptor is free even when it fails. */
  close(fd: SourceFd): void;
  /**
   * posix_fadvise(2) with POSIX_FADV_WILLNEED: the kernel begins to read so many bytes, and nobody waits
   * for them. Nothing shows whether it does. Not without libc.
   */
  willNeed?(fd: AnyDescriptor, from: number, size: number): void;
  /**
   * posix_fadvise(2) with POSIX_FADV_DONTNEED: the kernel begins to write what it holds of a file and
   * has not written, and drops the rest from memory. Gives the errno's name that it is refused with.
   * Not without libc.
   */
  drop?(fd: AnyDescriptor): string | undefined;
  /** rename(2). */
  rename(from: string | Buffer, to: string | Buffer): void;
  /** linkat(2): gives an open file without a name (O_TMPFILE) its name. Not without libc. */
  link?(fd: AnyDescriptor, to: string | Buffer): void;
  /** readlinkat(2): where an open link (O_PATH) leads to. Not without libc. */
  readLink?(fd: AnyDescriptor): Buffer;
  /**
   * Undefined where the kernel has no openat2(2) (before Linux 5.6), a sandbox keeps it back, or
   * the machine has 32 bits, where openat(2) opens no files above 2 GiB.
   */
  readonly openAt?: OpenAt | undefined;
}

/** Opening below a directory that is open itself. Throw what the calls fail with. */
export interface OpenAt {
  /**
   * openat2(2) of a directory that no link leads to, to open files below it only (O_PATH): ELOOP
   * where any part of the path is a link. A relative path begins at `from`, an open directory, or
   * else at the working directory.
   */
  directory(path: string | Buffer, from?: SourceFd): SourceFd;
  /** openat(2), without O_CREAT. */
  file(directory: SourceFd, name: string | Buffer, flags: number): SourceFd;
}

export const nodeFiles: Files = {
  open: (path, flags, mode) => owned(fs.openSync(path, flags, mode)),
  read: (fd, into, size) => uninterrupted(() => fs.readSync(numberOf(fd), into, 0, size, null)),
  write: (fd, bytes) => fs.writeSync(numberOf(fd), bytes),
  close: (fd) => fs.closeSync(numberOf(fd)),
  rename: fs.renameSync,
};

const AT_SYMLINK_FOLLOW = 0x400;
/** The same number on all architectures. */
const POSIX_FADV_WILLNEED = 3;
/** Nearly so. */
const POSIX_FADV_DONTNEED = process.arch === 's390x' ? 6 : 4;
/** More than any target: on Linux one is shorter than PATH_MAX. */
const TARGET_BYTES = 64 << 10;

/**
 * The same through libc, in half of the time: for each call Node's fs also checks twice whether it
 * is being traced, by name. For machines whose long has 64 bits: on others these functions know no
 * files above 2 GiB.
 */
export function bindFiles(koffi: Koffi, self: SharedLibrary): Files {
  const open = self.func('int open(const char *path, int flags, uint32_t mode)');
  const read = self.func('long read(int fd, _Out_ void *into, size_t size)');
  const write = self.func('long write(int fd, const void *bytes, size_t size)');
  const close = self.func('int close(int fd)');
  const fadvise = self.func('int posix_fadvise(int fd, int64_t from, int64_t size, int advice)');
  const rename = self.func('int rename(const char *from, const char *to)');
  const linkat = self.func(
    'int linkat(int fromFd, const char *from, int toFd, const char *to, int flags)',
  );
  const { EINTR, ENOENT } = koffi.os.errno;
  const readLink = bindReadLink(koffi, self);
  /** True when the call is to be made again. */
  const isInterrupted = (syscall: string): true => {
    const errno = koffi.errno();
    if (errno !== EINTR) throw errnoError(syscall, errno);
    return true;
  };
  /** Before Linux 6.10 only root may name the file by its descriptor alone. */
  let mayNameDescriptor = true;
  /** False when that is refused: with ENOENT, which a missing folder gives, too. */
  const linkDescriptor = (fd: AnyDescriptor, to: string | Buffer): boolean => {
    while (linkat(fd, '', AT_FDCWD, to, AT_EMPTY_PATH) !== 0) {
      if (koffi.errno() === ENOENT) return false;
      isInterrupted('link');
    }
    return true;
  };
  return {
    open(path, flags, mode) {
      let fd: number;
      do fd = open(toCString(path), flags | O_CLOEXEC, mode);
      while (fd < 0 && isInterrupted('open'));
      return owned(fd);
    },
    read(fd, into, size) {
      let bytes: number;
      do bytes = read(fd, into, size);
      while (bytes < 0 && isInterrupted('read'));
      return bytes;
    },
    write(fd, bytes) {
      let taken: number;
      do taken = write(fd, bytes, bytes.length);
      while (taken < 0 && isInterrupted('write'));
      return taken;
    },
    close(fd) {
      // On Linux it is closed even then.
      if (close(fd) !== 0) isInterrupted('close');
    },
    willNeed: (fd, from, size) => void fadvise(fd, from, size, POSIX_FADV_WILLNEED),
    drop(fd) {
      const errno = fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
      return errno === 0 ? undefined : errnoName(errno);
    },
    link(fd, to) {
      const target = toCString(to);
      if (mayNameDescriptor && linkDescriptor(fd, target)) return;
      const from = `/proc/self/fd/${numberOf(fd)}`;
      while (linkat(AT_FDCWD, from, AT_FDCWD, target, AT_SYMLINK_FOLLOW) !== 0)
        isInterrupted('link');
      mayNameDescriptor = false;
    },
    readLink: (fd) => readLink(fd, ''),
    rename(from, to) {
      while (rename(toCString(from), toCString(to)) !== 0 && isInterrupted('rename'));
    },
  };
}

/** readlinkat(2): where a link in an open directory leads to, or without a name an open link. */
export function bindReadLink(
  koffi: Koffi,
  self: SharedLibrary,
): (from: AnyDescriptor, name: string | Buffer) => Buffer {
  const readlinkat = self.func(
    'long readlinkat(int fd, const char *name, _Out_ void *into, size_t size)',
  );
  const target = Buffer.alloc(TARGET_BYTES);
  return (from, name) => {
    const path = toCString(name);
    for (;;) {
      const bytes = readlinkat(from, path, target, target.length);
      if (bytes >= 0) return Buffer.from(target.subarray(0, bytes));
      const errno = koffi.errno();
      if (errno !== koffi.os.errno.EINTR) throw errnoError('readlink', errno);
    }
  };
}
