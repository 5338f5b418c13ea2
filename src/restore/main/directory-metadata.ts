/** What a directory is besides the names in it. */
import type { AtCalls } from '../../native/at.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import type { XattrReader, XattrWriter } from '../../native/xattrs.ts';
import type { DirectoryEntry, Xattr } from '../../snapshot/entry.ts';
import { isKeptXattr } from '../../snapshot/xattrs.ts';
import type { Shortfalls } from '../shortfalls.ts';

export const DEFAULT_ACL = 'system.posix_acl_default';

/** Of a directory that the snapshot has lost the line of. */
const DEFAULT_MODE = 0o755;

export interface MetadataParts {
  readonly at: AtCalls;
  readonly owner: boolean;
  readonly xattrs: XattrWriter | undefined;
  readonly xattrReader: XattrReader | undefined;
  readonly shortfalls: Shortfalls;
  /** For messages. */
  readonly path: () => string;
}

/** The time comes last: no step after it changes it. */
export function setDirectoryMetadata(
  fd: AnyDescriptor,
  entry: DirectoryEntry | undefined,
  parts: MetadataParts,
): void {
  const { at, owner, shortfalls, path } = parts;
  if (entry === undefined) {
    shortfalls.attempt('mode', path, () => at.setMode(fd, DEFAULT_MODE));
    return;
  }
  const { uid, gid, mode, mtime, xattrs = [] } = entry;
  if (owner) shortfalls.attempt('owner', path, () => at.setOwner(fd, uid, gid));
  const set = (xattr: Xattr) =>
    shortfalls.attempt('attribute', path, () => requireWriter(parts.xattrs).setOpen(fd, xattr));
  shortfalls.attempt('attribute', path, () => removeOthers(fd, xattrs, parts));
  // Those of users need the right to write, which the mode may take away.
  for (const xattr of xattrs) if (xattr.name.startsWith('user.')) set(xattr);
  shortfalls.attempt('mode', path, () => at.setMode(fd, mode));
  // An ACL says more than the mode.
  for (const xattr of xattrs) if (!xattr.name.startsWith('user.')) set(xattr);
  shortfalls.attempt('time', path, () => at.setTime(fd, mtime));
}

/** What it was given when it was made, or had before. */
function removeOthers(
  fd: AnyDescriptor,
  kept: readonly Xattr[],
  { xattrReader, xattrs: writer }: MetadataParts,
): void {
  const isOther = (name: string) =>
    isKeptXattr(name) &&
    !name.startsWith('security.') &&
    !kept.some((xattr) => xattr.name === name);
  for (const { name } of xattrReader?.ofOpen(fd, isOther) ?? []) writer?.removeOpen(fd, name);
}

export function requireWriter(xattrs: XattrWriter | undefined): XattrWriter {
  if (xattrs !== undefined) return xattrs;
  throw Object.assign(new Error('ENOSYS: setxattr'), { code: 'ENOSYS', syscall: 'setxattr' });
}
