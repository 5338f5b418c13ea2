/** What an entry is, besides its content. The time comes last: it says that all else is done. */
import { joinPath } from '../../names.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import type { XattrWriter } from '../../native/xattrs.ts';
import type { Xattr } from '../../snapshot/entry.ts';
import type { RestoreSetup } from '../messages.ts';
import type { Unpacker } from '../packed-entries.ts';
import type { Shortfalls } from '../shortfalls.ts';
import type { Thread } from './thread.ts';

export interface Parts {
  readonly setup: RestoreSetup;
  readonly thread: Thread;
  readonly shortfalls: Shortfalls;
}

/** The mode that a file is made with: as long as more has to be set, nobody else may open it. */
export function modeToMake(entry: Unpacker, { owner }: RestoreSetup): number {
  return owner || entry.xattrs !== undefined ? 0o600 : entry.mode & 0o777;
}

/** Of a file that was made with the mode `made`. */
export function setFileMetadata(
  fd: AnyDescriptor,
  entry: Unpacker,
  made: number | undefined,
  { setup, thread, shortfalls }: Parts,
): void {
  const { at } = thread;
  const { mode, xattrs } = entry;
  const path = () => joinPath(setup.target, entry.path);
  if (setup.owner) shortfalls.attempt('owner', path, () => at.setOwner(fd, entry.uid, entry.gid));
  const set = (xattr: Xattr) =>
    shortfalls.attempt('attribute', path, () => writer(thread).setOpen(fd, xattr));
  // Those of users need the right to write, which the mode may take away.
  if (xattrs !== undefined) for (const xattr of xattrs) if (isOfUsers(xattr)) set(xattr);
  if (made !== mode || (mode & setup.umask) !== 0 || !keepsModes(fd, mode, thread))
    shortfalls.attempt('mode', path, () => at.setMode(fd, mode));
  if (xattrs !== undefined) for (const xattr of xattrs) if (!isOfUsers(xattr)) set(xattr);
  shortfalls.attempt('time', path, () => at.setTime(fd, entry.mtime));
}

/** Of a link that was made. */
export function setLinkMetadata(
  directory: AnyDescriptor,
  entry: Unpacker,
  { setup, thread, shortfalls }: Parts,
): void {
  const { at } = thread;
  const { name, xattrs = [] } = entry;
  const path = () => joinPath(setup.target, entry.path);
  if (setup.owner)
    shortfalls.attempt('owner', path, () => at.setOwnerAt(directory, name, entry.uid, entry.gid));
  for (const xattr of xattrs)
    shortfalls.attempt('attribute', path, () => writer(thread).setInAtLink(directory, name, xattr));
  shortfalls.attempt('time', path, () => at.setTimeAt(directory, name, entry.mtime));
}

/** An ACL says more than the mode, and so comes after it; capabilities go when an owner changes. */
export function isOfUsers({ name }: Xattr): boolean {
  return name.startsWith('user.');
}

function writer({ xattrs }: Thread): XattrWriter {
  if (xattrs !== undefined) return xattrs;
  throw Object.assign(new Error('ENOSYS: setxattr'), { code: 'ENOSYS', syscall: 'setxattr' });
}

/** Some file systems have modes of their own: the first file shows it. */
function keepsModes(fd: AnyDescriptor, mode: number, thread: Thread): boolean {
  if (thread.keepsModes === undefined) {
    thread.at.statusOfOpen(fd, thread.status);
    thread.keepsModes = thread.status.mode === mode;
  }
  return thread.keepsModes;
}
