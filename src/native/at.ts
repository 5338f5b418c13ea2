/**
 * Calls on names in an open directory, which Node's fs does not have. None follows a link: what is
 * done with a name is done in that directory, whatever others make of the path to it.
 */
import fs from 'node:fs';
import { toFsPath } from '../names.ts';
import type { AtStatus } from './at-status.ts';
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  errnoError,
  type Koffi,
  O_CLOEXEC,
  type SharedLibrary,
  toCString,
} from './binding.ts';
import { type AnyDescriptor, O_PATH, owned } from './descriptor.ts';
import { bindReadLink, type SourceFd } from './files.ts';
import { bindOpenat2, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from './openat2.ts';
import { bindRenameNew } from './rename-new.ts';
import { timespecOf } from './timespec.ts';

/**
 * Names and paths are in the escaped form of names.ts. `Files` closes what is opened here. The
 * functions throw what their calls fail with.
 */
export interface AtCalls {
  /**
   * A directory at or below another one, to be given to these functions; `toRead`: also to list it,
   * and to change what it is itself. ELOOP or ENOTDIR where a part of the path is a link.
   */
  openDirectory(from: AnyDescriptor, path: string, toRead?: boolean): SourceFd;
  /** A new file, to be written and read: EEXIST where anything has the name. */
  create(directory: AnyDescriptor, name: string, mode: number): SourceFd;
  makeDirectory(directory: AnyDescriptor, name: string, mode: number): void;
  makeLink(directory: AnyDescriptor, name: string, target: string): void;
  /** A further name for a file. */
  link(from: AnyDescriptor, old: string, directory: AnyDescriptor, name: string): void;
  /**
   * Another name in the same directory: false when something has it. Undefined, with nothing done, as
   * in `Libc.renameNew`.
   */
  renameNew(directory: AnyDescriptor, old: string, name: string): boolean | undefined;
  /** The same with rename(2): what has the name is replaced. */
  rename(directory: AnyDescriptor, old: string, name: string): void;
  /** The entry itself, a link too (O_PATH): whatever becomes of its name, this is it. */
  openEntry(directory: AnyDescriptor, name: string): SourceFd;
  /** Of anything but a directory. */
  unlink(directory: AnyDescriptor, name: string): void;
  /** Of an empty directory. */
  removeDirectory(directory: AnyDescriptor, name: string): void;
  /** The target of a link, cut off behind 64 KiB. */
  readLink(directory: AnyDescriptor, name: string): Buffer;
  /** False when nothing has the name. */
  status(directory: AnyDescriptor, name: string, into: AtStatus): boolean;
  statusOfOpen(fd: AnyDescriptor, into: AtStatus): void;
  setMode(fd: AnyDescriptor, mode: number): void;
  setOwner(fd: AnyDescriptor, uid: number, gid: number): void;
  setOwnerAt(directory: AnyDescriptor, name: string, uid: number, gid: number): void;
  /** Nanoseconds since 1970. The time of access becomes the current one. */
  setTime(fd: AnyDescriptor, modified: bigint): void;
  setTimeAt(directory: AnyDescriptor, name: string, modified: bigint): void;
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY } = fs.constants;
const AT_REMOVEDIR = 0x200;
/** In place of nanoseconds. A file system of libfuse 2 sets both times, or none. */
const UTIME_NOW = (1n << 30n) - 1n;
const STATX_BASIC_STATS = 0x7ff;
/** PATH_MAX, less the NUL byte at the end. */
const MAX_PATH_BYTES = 4095;

/** Undefined on machines of 32 bits, whose times and sizes have another form. */
export function bindAt(
  koffi: Koffi,
  self: SharedLibrary,
  close: (fd: SourceFd) => void,
): AtCalls | undefined {
  if (koffi.sizeof('long') !== 8) return undefined;
  const openat = self.func('int openat(int fd, const char *name, int flags, uint32_t mode)');
  const mkdirat = self.func('int mkdirat(int fd, const char *name, uint32_t mode)');
  const symlinkat = self.func('int symlinkat(const char *target, int fd, const char *name)');
  const linkat = self.func(
    'int linkat(int fromFd, const char *from, int toFd, const char *to, int flags)',
  );
  const unlinkat = self.func('int unlinkat(int fd, const char *name, int flags)');
  const renameat = self.func(
    'int renameat(int fromFd, const char *from, int toFd, const char *to)',
  );
  const renameNew = bindRenameNew(koffi, self);
  const statx = self.func(
    'int statx(int fd, const char *name, int flags, uint32_t mask, _Out_ void *into)',
  );
  const fchmod = self.func('int fchmod(int fd, uint32_t mode)');
  const fchown = self.func('int fchown(int fd, uint32_t uid, uint32_t gid)');
  const fchownat = self.func(
    'int fchownat(int fd, const char *name, uint32_t uid, uint32_t gid, int flags)',
  );
  const futimens = self.func('int futimens(int fd, const void *times)');
  const utimensat = self.func(
    'int utimensat(int fd, const char *name, const void *times, int flags)',
  );
  const readLink = bindReadLink(koffi, self);
  const openBeneath = bindOpenat2(koffi, self, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
  const { EINTR, ENOENT } = koffi.os.errno;

  const done = (syscall: string, call: () => number): number => {
    for (;;) {
      const result = call();
      if (result >= 0) return result;
      const errno = koffi.errno();
      if (errno !== EINTR) throw errnoError(syscall, errno);
    }
  };
  const cName = (name: string) => toCString(toFsPath(name));

  /** Of access and of modification: seconds and nanoseconds of each. */
  const times = BigInt64Array.of(0n, UTIME_NOW, 0n, 0n);
  const timesOf = (modified: bigint): BigInt64Array => {
    const { seconds, nanoseconds } = timespecOf(modified);
    times[2] = seconds;
    times[3] = nanoseconds;
    return times;
  };

  /** One name, or where there is openat2 a path of at most MAX_PATH_BYTES. */
  const openPiece = (from: AnyDescriptor, piece: string, flags: number): SourceFd => {
    const path = cName(piece);
    const call =
      openBeneath === undefined
        ? () => openat(from, path, flags | O_NOFOLLOW, 0)
        : () => openBeneath(from, path, flags);
    return owned(done('open', call));
  };

  return {
    openDirectory: (from, path, toRead = false) => {
      const flags = O_DIRECTORY | O_CLOEXEC;
      const pieces = piecesOf(path, openBeneath === undefined ? 0 : MAX_PATH_BYTES);
      let opened: SourceFd | undefined;
      for (const [index, piece] of pieces.entries()) {
        const isLast = index === pieces.length - 1;
        const above = opened;
        try {
          opened = openPiece(above ?? from, piece, flags | (isLast && toRead ? O_RDONLY : O_PATH));
        } finally {
          if (above !== undefined) close(above);
        }
      }
      return opened!;
    },
    create: (directory, name, mode) => {
      const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
      const path = cName(name);
      return owned(done('open', () => openat(directory, path, flags, mode)));
    },
    makeDirectory: (directory, name, mode) => {
      const path = cName(name);
      done('mkdir', () => mkdirat(directory, path, mode));
    },
    makeLink: (directory, name, target) => {
      const path = cName(name);
      const to = cName(target);
      done('symlink', () => symlinkat(to, directory, path));
    },
    link: (from, old, directory, name) => {
      const oldPath = cName(old);
      const path = cName(name);
      done('link', () => linkat(from, oldPath, directory, path, 0));
    },
    renameNew: (directory, old, name) => renameNew(directory, cName(old), cName(name)),
    rename: (directory, old, name) => {
      const oldPath = cName(old);
      const path = cName(name);
      done('rename', () => renameat(directory, oldPath, directory, path));
    },
    openEntry: (directory, name) => {
      const path = cName(name);
      return owned(done('open', () => openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)));
    },
    unlink: (directory, name) => {
      const path = cName(name);
      done('unlink', () => unlinkat(directory, path, 0));
    },
    removeDirectory: (directory, name) => {
      const path = cName(name);
      done('rmdir', () => unlinkat(directory, path, AT_REMOVEDIR));
    },
    readLink: (directory, name) => readLink(directory, toFsPath(name)),
    status: (directory, name, into) => {
      const path = cName(name);
      while (statx(directory, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, into.words) !== 0) {
        const errno = koffi.errno();
        if (errno === ENOENT) return false;
        if (errno !== EINTR) throw errnoError('lstat', errno);
      }
      return true;
    },
    statusOfOpen: (fd, into) => {
      done('fstat', () => statx(fd, '', AT_EMPTY_PATH, STATX_BASIC_STATS, into.words));
    },
    setMode: (fd, mode) => {
      done('fchmod', () => fchmod(fd, mode));
    },
    setOwner: (fd, uid, gid) => {
      done('fchown', () => fchown(fd, uid, gid));
    },
    setOwnerAt: (directory, name, uid, gid) => {
      const path = cName(name);
      done('lchown', () => fchownat(directory, path, uid, gid, AT_SYMLINK_NOFOLLOW));
    },
    setTime: (fd, modified) => {
      const when = timesOf(modified);
      done('utimes', () => futimens(fd, when));
    },
    setTimeAt: (directory, name, modified) => {
      const path = cName(name);
      const when = timesOf(modified);
      done('utimes', () => utimensat(directory, path, when, AT_SYMLINK_NOFOLLOW));
    },
  };
}

/** A path in pieces of at most so many bytes, if its names are no longer; 0: each name for itself. */
export function piecesOf(path: string, most: number): string[] {
  if (path === '') return ['.'];
  // No character has more than three bytes.
  if (3 * path.length <= most) return [path];
  const pieces: string[] = [];
  let piece = '';
  for (const name of path.split('/')) {
    const longer = piece === '' ? name : `${piece}/${name}`;
    if (piece === '' || 3 * longer.length <= most) piece = longer;
    else {
      pieces.push(piece);
      piece = name;
    }
  }
  return [...pieces, piece];
}
