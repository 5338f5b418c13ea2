import type { Koffi, SharedLibrary } from './binding.ts';
import { errnoError } from './binding.ts';
import type { AnyDescriptor } from './descriptor.ts';

const RENAME_NOREPLACE = 1;

/**
 * renameat2(2) with RENAME_NOREPLACE, both names in one open directory, or paths with AT_FDCWD: false
 * when something has the new name. Undefined, with nothing done, where it cannot be called.
 */
export type RenameNew = (
  directory: AnyDescriptor,
  from: string | Buffer,
  to: string | Buffer,
) => boolean | undefined;

export function bindRenameNew(koffi: Koffi, self: SharedLibrary): RenameNew {
  const { EEXIST, EINTR, EINVAL, ENOSYS, EPERM, EOPNOTSUPP } = koffi.os.errno;
  const refusals = new Set([EINVAL, ENOSYS, EPERM, EOPNOTSUPP]);
  let call: (
    fromFd: AnyDescriptor,
    from: string | Buffer,
    toFd: AnyDescriptor,
    to: string | Buffer,
    flags: number,
  ) => number;
  try {
    call = self.func(
      'int renameat2(int fromFd, const char *from, int toFd, const char *to, unsigned int flags)',
    );
  } catch {
    // The only thing that can be wrong: a C library without the function.
    return () => undefined;
  }
  return (directory, from, to) => {
    while (call(directory, from, directory, to, RENAME_NOREPLACE) !== 0) {
      const errno = koffi.errno();
      if (errno === EEXIST) return false;
      if (refusals.has(errno)) return undefined;
      if (errno !== EINTR) throw errnoError('rename', errno);
    }
    return true;
  };
}
