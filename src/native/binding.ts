/** Shared by the functions that are called through koffi. */
import { errnoName } from '../errno.ts';

export type Koffi = typeof import('koffi').default;

export type SharedLibrary = ReturnType<Koffi['load']>;

export const O_CLOEXEC = 0o2000000;

/** Relative paths begin at the working directory. */
export const AT_FDCWD = -100;

/** With an empty path what counts is the descriptor itself. */
export const AT_EMPTY_PATH = 0x1000;

/** A link itself counts, not what it leads to. */
export const AT_SYMLINK_NOFOLLOW = 0x100;

/** Bytes are passed as they are, and C wants their end marked. */
export function toCString(path: string | Buffer): string | Buffer {
  return typeof path === 'string' ? path : Buffer.concat([path, Buffer.alloc(1)]);
}

/** An error as Node's fs throws it. */
export function errnoError(syscall: string, errno: number): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`${code}: ${syscall}`), { errno: -errno, code, syscall });
}

/**
 * Makes a call on no open file, which fails with EBADF where it is made at all. A sandbox
 * (seccomp(2)) or an old kernel refuses it with another errno.
 */
export function isRefused(koffi: Koffi, callOnNone: () => number): boolean {
  callOnNone();
  const { EPERM, EACCES, ENOSYS } = koffi.os.errno;
  return [EPERM, EACCES, ENOSYS].includes(koffi.errno());
}
