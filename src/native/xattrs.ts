/** Extended attributes, which Node's fs does not know. */
import { escapeLatin1Name, toBytes, toFsPath } from '../names.ts';
import { errnoError, isRefused, type Koffi, type SharedLibrary, toCString } from './binding.ts';
import { type AnyDescriptor, numberOf } from './descriptor.ts';

/** One of a file. */
export interface ExtendedAttribute {
  /** In the escaped form of names.ts, its namespace included: `user.comment`. */
  readonly name: string;
  /** At most 65,536 bytes. */
  readonly value: Uint8Array;
}

/**
 * Reads those whose names are asked for, in the order in which the file system lists them. None
 * where it keeps none. Throws what the calls fail with.
 */
export interface XattrReader {
  /** Of an open file, which costs one system call where it has none. */
  ofOpen(fd: AnyDescriptor, isWanted: IsWanted): readonly ExtendedAttribute[];
  /** Of what is at a path, a link itself. */
  atLink(path: string | Buffer, isWanted: IsWanted): readonly ExtendedAttribute[];
}

/** Takes a name as `ExtendedAttribute` has it. */
export type IsWanted = (name: string) => boolean;

/** Makes one, or gives it another value. Throws what the calls fail with. */
export interface XattrWriter {
  setOpen(fd: AnyDescriptor, attribute: ExtendedAttribute): void;
  /** Of what has a name in an open directory, a link itself. Needs /proc. */
  setInAtLink(directory: AnyDescriptor, name: string, attribute: ExtendedAttribute): void;
  /** Of what is at a path, a link itself. */
  setAtLink(path: string | Buffer, attribute: ExtendedAttribute): void;
}

/** XATTR_LIST_MAX and XATTR_SIZE_MAX: the kernel gives no more, so that nothing grows out of them. */
const LIST_BYTES = 64 << 10;
const VALUE_BYTES = 64 << 10;

const NONE: readonly ExtendedAttribute[] = [];

type List<At> = (at: At, into: Uint8Array, size: number) => number;
type Get<At> = (at: At, name: string | Buffer, into: Uint8Array, size: number) => number;

/** Undefined where the calls cannot be made. */
export function bindXattrReader(koffi: Koffi, self: SharedLibrary): XattrReader | undefined {
  const listRest = '_Out_ void *into, size_t size)';
  const getRest = 'const char *name, _Out_ void *into, size_t size)';
  let listOpen: List<AnyDescriptor>;
  let listAt: List<string | Buffer>;
  let getOpen: Get<AnyDescriptor>;
  let getAt: Get<string | Buffer>;
  try {
    listOpen = self.func(`long flistxattr(int fd, ${listRest}`);
    listAt = self.func(`long llistxattr(const char *path, ${listRest}`);
    getOpen = self.func(`long fgetxattr(int fd, ${getRest}`);
    getAt = self.func(`long lgetxattr(const char *path, ${getRest}`);
  } catch {
    // The only thing that can be wrong: a C library without the functions.
    return undefined;
  }
  const list = Buffer.alloc(LIST_BYTES);
  const value = Buffer.alloc(VALUE_BYTES);
  if (isRefused(koffi, () => listOpen(-1, list, 1))) return undefined;
  if (isRefused(koffi, () => getOpen(-1, 'user.none', value, 1))) return undefined;
  const { EINTR, EOPNOTSUPP, ENODATA } = koffi.os.errno;

  /** Bytes; undefined for an errno that says that there is nothing. */
  const read = (
    call: () => number,
    syscall: string,
    ...nothing: (number | undefined)[]
  ): number | undefined => {
    for (;;) {
      const bytes = call();
      if (bytes >= 0) return bytes;
      const errno = koffi.errno();
      if (nothing.includes(errno)) return undefined;
      if (errno !== EINTR) throw errnoError(syscall, errno);
    }
  };

  const namesIn = (bytes: number, isWanted: IsWanted): string[] => {
    const names = list.toString('latin1', 0, bytes - 1).split('\0');
    return names.map(escapeLatin1Name).filter(isWanted);
  };

  /** Those of the list; one that has gone meanwhile is none. */
  const withValues = <At>(at: At, get: Get<At>, names: readonly string[]) =>
    names.flatMap((name) => {
      const cName = toCString(toBytes(name));
      const call = () => get(at, cName, value, VALUE_BYTES);
      const length = read(call, 'getxattr', ENODATA, EOPNOTSUPP);
      return length === undefined ? [] : { name, value: new Uint8Array(value.subarray(0, length)) };
    });

  return {
    ofOpen: (fd, isWanted) => {
      // Most files have none: the question for the length alone makes the kernel allocate nothing.
      if (listOpen(fd, list, 0) === 0) return NONE;
      const call = () => listOpen(fd, list, LIST_BYTES);
      const bytes = read(call, 'listxattr', EOPNOTSUPP) ?? 0;
      if (bytes === 0) return NONE;
      return withValues(fd, getOpen, namesIn(bytes, isWanted));
    },
    atLink: (path, isWanted) => {
      const cPath = toCString(path);
      const call = () => listAt(cPath, list, LIST_BYTES);
      const bytes = read(call, 'listxattr', EOPNOTSUPP) ?? 0;
      return bytes === 0 ? NONE : withValues(cPath, getAt, namesIn(bytes, isWanted));
    },
  };
}

type Set<At> = (
  at: At,
  name: string | Buffer,
  value: Uint8Array,
  size: number,
  flags: number,
) => number;

/** Undefined where the calls cannot be made. */
export function bindXattrWriter(koffi: Koffi, self: SharedLibrary): XattrWriter | undefined {
  const rest = 'const char *name, const void *value, size_t size, int flags)';
  let setOpen: Set<AnyDescriptor>;
  let setAt: Set<string | Buffer>;
  try {
    setOpen = self.func(`int fsetxattr(int fd, ${rest}`);
    setAt = self.func(`int lsetxattr(const char *path, ${rest}`);
  } catch {
    // The only thing that can be wrong: a C library without the functions.
    return undefined;
  }
  if (isRefused(koffi, () => setOpen(-1, 'user.none', new Uint8Array(1), 1, 0))) return undefined;
  const set = <At>(at: At, call: Set<At>, { name, value }: ExtendedAttribute): void => {
    const cName = toCString(toBytes(name));
    while (call(at, cName, value, value.length, 0) !== 0) {
      const errno = koffi.errno();
      if (errno !== koffi.os.errno.EINTR) throw errnoError('setxattr', errno);
    }
  };
  return {
    setOpen: (fd, attribute) => set(fd, setOpen, attribute),
    setInAtLink: (directory, name, attribute) => {
      const path = `/proc/self/fd/${numberOf(directory)}/${name}`;
      set(toCString(toFsPath(path)), setAt, attribute);
    },
    setAtLink: (path, attribute) => set(toCString(path), setAt, attribute),
  };
}
