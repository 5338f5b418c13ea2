import type { Koffi, SharedLibrary } from './binding.ts';
import type { AnyDescriptor } from './descriptor.ts';

/** The same number on all architectures that Node runs on. */
const SYS_OPENAT2 = 437;
export const RESOLVE_NO_SYMLINKS = 4;
export const RESOLVE_BENEATH = 8;

/** Below zero when it has failed, as in C. */
export type Openat2 = (from: AnyDescriptor, path: string | Buffer, flags: number) => number;

/**
 * openat2(2) with such rules for paths (RESOLVE_*), to open what is there; undefined where it
 * cannot be called.
 */
export function bindOpenat2(
  koffi: Koffi,
  self: SharedLibrary,
  resolve: number,
): Openat2 | undefined {
  // glibc has no function of this name before 2.43.
  const openat2 = self.func(
    'long syscall(long number, int fd, const char *path, const void *how, size_t size)',
  );
  // struct open_how: flags, mode, resolve.
  const how = BigUint64Array.of(0n, 0n, BigInt(resolve));
  // A struct of no size is refused with EINVAL, and only by a kernel that knows the call.
  openat2(SYS_OPENAT2, -1, '.', how, 0);
  if (koffi.errno() !== koffi.os.errno.EINVAL) return undefined;
  return (from, path, flags) => {
    how[0] = BigInt(flags);
    return openat2(SYS_OPENAT2, from, path, how, how.byteLength);
  };
}
