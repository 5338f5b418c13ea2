/**
 * A folder of temps with a sign of life: an flock on the file `lock` in it. The lock dies with the
 * process, and unlike a PID it means the same in every container.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { bestEffort, hasErrno, isDenied } from '../errors.ts';
import { type AnyDescriptor, numberOf } from '../native/descriptor.ts';
import type { Libc } from '../native/libc.ts';
import { type FileOps, namesIn, type StoreFd, writeFully } from './file-ops.ts';
import { tryLock } from './locks.ts';
import { removeFile, removeTree } from './remove.ts';
import { makeFolder, openOrMake, type Rights } from './rights.ts';

export const LOCK = 'lock';

/** Who else may look into a locked folder, and who may lock it: sweep it once its holder is dead. */
export interface LockedRights {
  readonly folder: Rights;
  readonly lock: Rights;
}

export const OWNERS: LockedRights = { folder: { mode: 0o700 }, lock: { mode: 0o600 } };

export class LockedFolder {
  readonly path: string;
  readonly #lockFd: StoreFd;
  readonly #ops: FileOps;

  private constructor(path: string, lockFd: StoreFd, ops: FileOps) {
    this.path = path;
    this.#lockFd = lockFd;
    this.#ops = ops;
  }

  /**
   * Makes `parent/<prefix><random id>`, locked. Throws INGOT_NO_FLOCK where locks are refused, and
   * what the file system throws.
   */
  static open(
    parent: string,
    prefix: string,
    libc: Libc | undefined,
    ops: FileOps,
    rights: LockedRights = OWNERS,
  ): LockedFolder {
    for (;;) {
      const path = join(parent, prefix + randomBytes(16).toString('hex'));
      makeFolder(ops, path, rights.folder);
      const lockFd = lockOrRemove(path, libc, ops, rights.lock);
      // A sweep may have come between mkdir and lock, or another process may be looking whose lock
      // it is: begin anew.
      if (lockFd !== undefined) return new LockedFolder(path, lockFd, ops);
    }
  }

  /** Writes into the lock what others may read about its holder. */
  sign(text: string): void {
    writeFully(this.#ops, this.#lockFd, Buffer.from(`${text}\n`));
  }

  /** Removes the folder with all that is left in it, and gives up the lock. */
  close(): void {
    try {
      removeTemps(this.path, this.#ops);
    } finally {
      this.#ops.closeSync(this.#lockFd);
    }
    removeFolder(this.path, this.#ops);
  }
}

/** Opened for writing: NFS refuses exclusive locks on files opened for reading. */
export function openLock(path: string, rights: Rights, ops: FileOps): StoreFd {
  return openOrMake(path, fs.constants.O_RDWR, rights, ops);
}

/** A folder without a lock is nobody's: it goes when its lock cannot be made or taken. */
function lockOrRemove(
  path: string,
  libc: Libc | undefined,
  ops: FileOps,
  rights: Rights,
): StoreFd | undefined {
  let lockFd: StoreFd | undefined;
  try {
    lockFd = lockFolder(path, libc, ops, rights);
    return lockFd;
  } finally {
    if (lockFd === undefined) bestEffort(() => removeTemps(path, ops));
  }
}

function lockFolder(
  folder: string,
  libc: Libc | undefined,
  ops: FileOps,
  rights: Rights,
): StoreFd | undefined {
  const path = join(folder, LOCK);
  let fd: StoreFd;
  try {
    fd = openLock(path, rights, ops);
  } catch (error) {
    if (hasErrno(error, 'ENOENT') || (isDenied(error) && isAnothers(path))) return undefined;
    throw error;
  }
  let held = false;
  try {
    held = libc === undefined || (tryLock(libc, fd, dirname(folder)) && isSameFile(fd, path));
  } finally {
    if (!held) ops.closeSync(fd);
  }
  return held ? fd : undefined;
}

/** A sweep of another user has made the lock a moment ago, and not let others use it yet. */
function isAnothers(lock: string): boolean {
  const found = fs.lstatSync(lock, { throwIfNoEntry: false });
  return found !== undefined && found.uid !== process.geteuid?.();
}

/**
 * Removes a locked folder, its lock last: as long as temps are left, the folder has a lock that
 * says whose they are. A sweep that looks in between makes a new lock and removes the rest itself.
 */
export function removeTemps(folder: string, ops: FileOps): void {
  for (const name of namesIn(folder)) if (name !== LOCK) removeTree(ops, join(folder, name));
  removeFile(ops, join(folder, LOCK));
  removeFolder(folder, ops);
}

/**
 * Done once more when the lock is closed: FUSE and NFS keep a removed file that is open under
 * another name in its folder, which is not empty until then.
 */
export function removeFolder(folder: string, ops: FileOps): void {
  try {
    ops.rmdirSync(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) return;
    // How some FUSE file systems say that it is not empty.
    if (!hasErrno(error, 'EPERM') || namesIn(folder).length === 0) throw error;
  }
}

/** False when the file was removed, or replaced, between its opening and its locking. */
export function isSameFile(fd: AnyDescriptor, path: fs.PathLike): boolean {
  const held = fs.fstatSync(numberOf(fd), { bigint: true });
  const named = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return named !== undefined && named.ino === held.ino && named.dev === held.dev;
}
