import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  errnoError,
  isRefused,
  type Koffi,
  type SharedLibrary,
  toCString,
} from './binding.ts';
import type { AnyDescriptor } from './descriptor.ts';
import type { Statx } from './libc.ts';

const STATX_BASIC_STATS = 0x7ff;

/** Undefined where statx(2) cannot be called. */
export function bindStatx(koffi: Koffi, self: SharedLibrary): Statx | undefined {
  const rest = 'int flags, uint32_t mask, _Out_ void *into)';
  let call: (
    fd: AnyDescriptor,
    path: string | Buffer,
    flags: number,
    mask: number,
    into: Uint32Array,
  ) => number;
  let callOpen: typeof call;
  try {
    call = self.func(`int statx(int fd, const char *path, ${rest}`);
    // A buffer is passed as it is; a string would be encoded anew for each call.
    callOpen = self.func(`int statx(int fd, const void *path, ${rest}`);
  } catch {
    // The only thing that can be wrong: a C library without the function.
    return undefined;
  }
  const empty = Buffer.alloc(1);
  const none = () => callOpen(-1, empty, AT_EMPTY_PATH, STATX_BASIC_STATS, new Uint32Array(64));
  if (isRefused(koffi, none)) return undefined;
  const { EINTR, ENOENT } = koffi.os.errno;
  const isThere = (
    from: AnyDescriptor,
    path: string | Buffer,
    { follow, into }: { readonly follow: boolean; readonly into: Uint32Array },
  ): boolean => {
    const cPath = toCString(path);
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    while (call(from, cPath, flags, STATX_BASIC_STATS, into) !== 0) {
      const errno = koffi.errno();
      if (errno === ENOENT) return false;
      if (errno !== EINTR)
        throw Object.assign(errnoError(follow ? 'stat' : 'lstat', errno), { path });
    }
    return true;
  };
  return {
    ofOpen: (fd, into) => {
      while (callOpen(fd, empty, AT_EMPTY_PATH, STATX_BASIC_STATS, into) !== 0) {
        const errno = koffi.errno();
        if (errno !== EINTR) throw errnoError('fstat', errno);
      }
    },
    at: (path, follow, into) => isThere(AT_FDCWD, path, { follow, into }),
    inExactly: (directory, name, into) =>
      callOpen(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, into) === 0,
    in: (directory, name, into) => isThere(directory, name, { follow: false, into }),
  };
}
