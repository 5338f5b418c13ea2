/**
 * Who may use what is made. The umask takes rights away at the moment that a file or a folder is
 * made, from the user itself, too: they are given back at once. Rights are only ever added, and all
 * are asked for from the start, so that a default ACL of the folder gives what it names.
 */
import fs from 'node:fs';
import { hasErrno } from '../errors.ts';
import { type AnyDescriptor, numberOf, O_PATH } from '../native/descriptor.ts';
import { type FileOps, MODE_REFUSALS, type StoreFd } from './file-ops.ts';

export interface Rights {
  /** As of chmod(2); a folder's may hold the setgid bit. */
  readonly mode: number;
  /** The group that `mode` is about. Undefined: whichever the system gives. */
  readonly gid?: number | undefined;
}

/**
 * Makes a folder whose parent is there, unless it is there itself; true when it was not. A link in
 * its place does not count: it would choose where the store writes. Never with `recursive`: Node
 * reports EIO, EDQUOT and EROFS of such a call as ENOENT.
 */
export function makeFolder(ops: FileOps, path: string, rights: Rights): boolean {
  try {
    ops.mkdirSync(path, { mode: rights.mode & 0o777 });
  } catch (error) {
    const isThere = () => fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (!hasErrno(error, 'EEXIST') || !isThere()) throw error;
    return false;
  }
  grantAt(path, rights, ops);
  return true;
}

/** Opens a file, making it where it is missing. Throws what open(2) fails with. */
export function openOrMake(path: string, flags: number, rights: Rights, ops: FileOps): StoreFd {
  const { O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = ops.openSync(path, flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK, rights.mode);
  try {
    grant(fd, rights, ops);
  } catch (error) {
    ops.closeSync(fd);
    throw error;
  }
  return fd;
}

/** Adds rights to an open file. Where that is refused, it keeps those that it has. */
export function grant(fd: AnyDescriptor, rights: Rights, ops: FileOps): void {
  addMissing(fs.fstatSync(numberOf(fd)), rights, {
    group: (gid) => ops.fchownSync(fd, KEEP_OWNER, gid),
    mode: (mode) => ops.fchmodSync(fd, mode),
  });
}

/**
 * The same for a file or folder at a path, no link, if there is one. By way of an O_PATH descriptor,
 * which needs no rights, and still means the same folder when somebody puts a link in its place.
 */
export function grantAt(path: string, rights: Rights, ops: FileOps): void {
  const seen = fs.lstatSync(path, { throwIfNoEntry: false });
  if (seen === undefined || !hasOneName(seen) || hasAll(seen, rights)) return;
  let fd: StoreFd;
  try {
    fd = ops.openSync(path, O_PATH | fs.constants.O_NOFOLLOW);
  } catch (error) {
    // Somebody has removed it since: whoever wants to use it will find out.
    if (hasErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    const itself = `/proc/self/fd/${numberOf(fd)}`;
    const found = fs.fstatSync(numberOf(fd));
    if (!hasOneName(found)) return;
    addMissing(found, rights, {
      group: (gid) => ops.chownSync(itself, KEEP_OWNER, gid),
      mode: (mode) => ops.chmodSync(itself, mode),
    });
  } finally {
    ops.closeSync(fd);
  }
}

interface Change {
  group(gid: number): void;
  mode(mode: number): void;
}

function addMissing(found: fs.Stats, rights: Rights, change: Change): void {
  const gid = missingGroup(found, rights);
  const hasGroup = gid === undefined || isAllowed(() => change.group(gid));
  const mode = missingMode(found, rights, hasGroup);
  if (mode !== undefined) isAllowed(() => change.mode(mode));
}

const KEEP_OWNER = -1;

/** No link of either kind, by which somebody might have this user open another file of its own. */
function hasOneName(found: fs.Stats): boolean {
  return found.isDirectory() || (found.isFile() && found.nlink === 1);
}

function hasAll(found: fs.Stats, rights: Rights): boolean {
  const isOfGroup = missingGroup(found, rights) === undefined;
  return isOfGroup && missingMode(found, rights, true) === undefined;
}

/** The group to give; undefined where it is that one, or has no more rights than others. */
function missingGroup(found: fs.Stats, { mode, gid }: Rights): number | undefined {
  const isSpecial = ((mode >> 3) & 7) !== (mode & 7);
  return isSpecial && found.gid !== gid ? gid : undefined;
}

/** The mode to give; undefined where nothing is missing. Another group is given no more than others. */
function missingMode(found: fs.Stats, { mode }: Rights, hasGroup: boolean): number | undefined {
  const wanted = hasGroup ? mode : (mode & 0o707) | ((mode & 7) << 3);
  const now = found.mode & 0o7777;
  return (now & wanted) === wanted ? undefined : now | wanted;
}

/**
 * False where rights are somebody else's to give, or cannot be given: a file system without modes
 * or owners (FAT), a sandbox, a group that this container does not know (EINVAL), no /proc (ENOENT).
 */
function isAllowed(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (!hasErrno(error, ...MODE_REFUSALS, 'EACCES', 'EINVAL', 'EROFS', 'ENOENT')) throw error;
    return false;
  }
}
