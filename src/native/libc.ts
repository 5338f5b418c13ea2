/**
 * The calls that Node's fs does not have, and in files.ts those it makes too slowly. They go
 * through koffi: this is the only place that leaves Node. koffi brings its binaries inside its npm
 * packages. Where none fits the machine, `loadLibc` gives undefined and the callers fall back:
 * fsync for the barrier, no sweep without flock.
 */
import fs from 'node:fs';
import { errnoName } from '../errno.ts';
import { type AtCalls, bindAt } from './at.ts';
import {
  AT_FDCWD,
  errnoError,
  isRefused,
  type Koffi,
  O_CLOEXEC,
  type SharedLibrary,
  toCString,
} from './binding.ts';
import { type AnyDescriptor, O_PATH, owned } from './descriptor.ts';
import { bindFiles, type Files, nodeFiles, type OpenAt, type SourceFd } from './files.ts';
import { loadKoffi } from './load-koffi.ts';
import { bindOpenat2, RESOLVE_NO_SYMLINKS } from './openat2.ts';
import { bindRenameNew } from './rename-new.ts';
import { bindStatx } from './statx.ts';
import { bindThreadSwitches } from './thread-switches.ts';
import { uninterrupted } from './uninterrupted.ts';
import { bindXattrReader, bindXattrWriter, type XattrReader, type XattrWriter } from './xattrs.ts';

/** Many may hold a shared lock, and one alone an exclusive one, the default. */
export type LockKind = 'exclusive' | 'shared';

export interface Libc {
  /**
   * syncfs(2): writes back the whole file system that holds `fd`, on libuv's thread pool.
   * Since Linux 5.8 it reports write-back errors that happened since `fd` was opened.
   */
  syncfs(fd: AnyDescriptor): Promise<void>;
  /** The errno's name that syncfs(2) fails with whatever it is asked; undefined where it can be called. */
  syncfsRefusal(): string | undefined;
  /** flock(2), not waiting: false when another open file holds a lock that rules this one out. */
  tryLock(fd: AnyDescriptor, kind?: LockKind): boolean;
  /**
   * Turns O_DIRECT on or off for an open file (fcntl(2), F_SETFL): its writes then go past the
   * page cache. False where the file system does not take it.
   */
  setDirect(fd: AnyDescriptor, on: boolean): boolean;
  /**
   * renameat2(2) with RENAME_NOREPLACE: false when something has the new name. Undefined, with
   * nothing done, where the kernel or the file system cannot do that (NFS), or a sandbox or a
   * directory refuses it: rename(2) then shows which. Throws what else the call fails with.
   */
  renameNew(from: string, to: string): boolean | undefined;
  /** _exit(2): ends the process at once; what is still to be written or run is lost. */
  exit(code: number): void;
  /** Where a buffer lies in memory: direct writes ask for its alignment. */
  addressOf(buffer: Uint8Array): bigint;
  /**
   * getdents64(2): entries of an open directory, as many as there is room for. Gives their bytes, 0
   * at the end. Undefined where it cannot be called. Throws what the call fails with.
   */
  readonly readEntries: ((directory: AnyDescriptor, into: Uint8Array) => number) | undefined;
  /** Undefined where statx(2) cannot be called. */
  readonly statx: Statx | undefined;
  /** Undefined where they do not have the form that is known here: on machines of 32 bits. */
  readonly at: AtCalls | undefined;
  /** Undefined where extended attributes cannot be asked for. */
  readonly xattrReader: XattrReader | undefined;
  /** Undefined where they cannot be set. */
  readonly xattrWriter: XattrWriter | undefined;
  /**
   * How often the thread has given its processor away so far, in order to wait; undefined where it
   * cannot be asked for.
   */
  readonly threadSwitches: (() => number) | undefined;
  readonly files: Files;
}

/** statx(2) into a buffer of 256 bytes. Throw what the call fails with. */
export interface Statx {
  ofOpen(fd: AnyDescriptor, into: Uint32Array): void;
  /** False when nothing is at the path. */
  at(path: string | Buffer, follow: boolean, into: Uint32Array): boolean;
  /** The same of a name in an open directory, a link itself. */
  in(directory: AnyDescriptor, name: string | Buffer, into: Uint32Array): boolean;
  /** The same of a name that has a NUL byte at its end; false also where the call fails. */
  inExactly(directory: AnyDescriptor, name: Buffer, into: Uint32Array): boolean;
}

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const F_SETFL = 4;

let loaded: Promise<Libc | undefined> | undefined;

/** Binds libc once a thread; undefined where koffi has no binary for this machine. */
export function loadLibc(): Promise<Libc | undefined> {
  loaded ??= bind();
  return loaded;
}

/**
 * Each function is bound when it is first asked for, and most threads ask for few: koffi takes the
 * process along when a thread is terminated (`worker.terminate()`) in the middle of binding one.
 */
async function bind(): Promise<Libc | undefined> {
  const koffi = loadKoffi();
  if (koffi === undefined) return undefined;
  // null is the process itself, which is linked to glibc or musl, whatever its file is called.
  const self = koffi.load(null);
  const syncfs = late(() => self.func('int syncfs(int fd)'));
  const flock = late(() => self.func('int flock(int fd, int operation)'));
  const exit = late(() => self.func('void _exit(int code)'));
  const fcntl = late(() => self.func('int fcntl(int fd, int command, ...)'));
  const renameNew = late(() => bindRenameNew(koffi, self));
  const readEntries = late(() => bindReadEntries(koffi, self));
  const statx = late(() => bindStatx(koffi, self));
  const at = late(() => bindAt(koffi, self, (fd) => files().close(fd)));
  const xattrReader = late(() => bindXattrReader(koffi, self));
  const xattrWriter = late(() => bindXattrWriter(koffi, self));
  const threadSwitches = late(() => bindThreadSwitches(koffi, self));
  const files = late(() => bindAllFiles(koffi, self));
  return {
    syncfs: (fd) =>
      new Promise((resolve, reject) => {
        // koffi keeps the errno of an asynchronous call for its callback.
        syncfs().async(fd, (error: Error | null, result: number) => {
          if (error !== null) reject(error);
          else if (result !== 0) reject(errnoError('syncfs', koffi.errno()));
          else resolve();
        });
      }),
    syncfsRefusal: () =>
      isRefused(koffi, () => syncfs()(-1)) ? errnoName(koffi.errno()) : undefined,
    tryLock: (fd, kind = 'exclusive') => {
      const operation = (kind === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB;
      while (flock()(fd, operation) !== 0) {
        const errno = koffi.errno();
        if (errno === koffi.os.errno.EWOULDBLOCK) return false;
        if (errno !== koffi.os.errno.EINTR) throw errnoError('flock', errno);
      }
      return true;
    },
    setDirect: (fd, on) => fcntl()(fd, F_SETFL, 'int', on ? fs.constants.O_DIRECT : 0) === 0,
    renameNew: (from, to) => renameNew()(AT_FDCWD, from, to),
    exit: (code) => exit()(code),
    addressOf: (buffer) => koffi.address(buffer),
    get readEntries() {
      return readEntries();
    },
    get statx() {
      return statx();
    },
    get at() {
      return at();
    },
    get xattrReader() {
      return xattrReader();
    },
    get xattrWriter() {
      return xattrWriter();
    },
    get threadSwitches() {
      return threadSwitches();
    },
    get files() {
      return files();
    },
  };
}

/** What `make` gives when it is asked for the first time, from then on. */
function late<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function bindAllFiles(koffi: Koffi, self: SharedLibrary): Files {
  if (koffi.sizeof('long') !== 8) return nodeFiles;
  return { ...bindFiles(koffi, self), openAt: bindOpenAt(koffi, self) };
}

function bindReadEntries(koffi: Koffi, self: SharedLibrary): Libc['readEntries'] {
  let call: (fd: AnyDescriptor, into: Uint8Array, size: number) => number;
  try {
    call = self.func('long getdents64(int fd, _Out_ void *into, size_t size)');
  } catch {
    // The only thing that can be wrong: a C library without the function.
    return undefined;
  }
  if (isRefused(koffi, () => call(-1, new Uint8Array(1), 1))) return undefined;
  return (directory, into) => {
    return uninterrupted(() => {
      const bytes = call(directory, into, into.length);
      if (bytes < 0) throw errnoError('scandir', koffi.errno());
      return bytes;
    });
  };
}

function bindOpenAt(koffi: Koffi, self: SharedLibrary): OpenAt | undefined {
  const openat2 = bindOpenat2(koffi, self, RESOLVE_NO_SYMLINKS);
  if (openat2 === undefined) return undefined;
  const openat = self.func('int openat(int fd, const char *name, int flags)');
  const asDirectory = O_PATH | O_CLOEXEC | fs.constants.O_DIRECTORY;
  const opened = (fd: number): SourceFd => {
    if (fd < 0) throw errnoError('open', koffi.errno());
    return owned(fd);
  };
  return {
    directory: (path, from) => opened(openat2(from ?? AT_FDCWD, toCString(path), asDirectory)),
    file: (directory, name, flags) => opened(openat(directory, toCString(name), flags | O_CLOEXEC)),
  };
}
