/**
 * A temp beside the file that it becomes, with a sign of life: an flock on the temp itself. What a
 * killed process left is swept by the next one that is about to write the same file.
 * Paths are in the escaped form of names.ts.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { bestEffort, failed, hasErrno } from '../errors.ts';
import { escapeName, joinPath, toBytes, toFsPath } from '../names.ts';
import { namesBeginning } from '../native/directory-names.ts';
import type { Libc } from '../native/libc.ts';
import type { FileOps, StoreFd } from './file-ops.ts';
import { isSameFile } from './locked-folder.ts';
import { tryDeadLock, tryLock } from './locks.ts';
import { removeFile } from './remove.ts';
import { openOrMake, type Rights } from './rights.ts';

/** Between the name of the file and a random id. No other program names files like this. */
const INFIX = '.ingot.tmp-';
const ID_BYTES = 8;
const ID = /^[0-9a-f]{16}$/;

/** The most bytes that the name of a temp has: NAME_MAX of Linux. */
export const TEMP_NAME_BYTES = 255;
const MAX_BASE_BYTES = TEMP_NAME_BYTES - INFIX.length - 2 * ID_BYTES;

export class LockedTemp {
  readonly path: string;
  readonly fd: StoreFd;
  readonly #ops: FileOps;

  private constructor(path: string, fd: StoreFd, ops: FileOps) {
    this.path = path;
    this.fd = fd;
    this.#ops = ops;
  }

  /**
   * Makes an empty temp, open for reading and writing. Throws INGOT_NO_FLOCK where locks are
   * refused, and what the file system throws.
   */
  static open(target: string, mode: number, libc: Libc | undefined, ops: FileOps): LockedTemp {
    for (;;) {
      const name = tempPrefix(target) + randomBytes(ID_BYTES).toString('hex');
      const path = joinPath(dirname(target), name);
      const temp = new LockedTemp(path, ops.openSync(toFsPath(path), NEW_FILE, mode), ops);
      let held = false;
      try {
        held =
          libc === undefined ||
          (tryLock(libc, temp.fd, dirname(target)) && isSameFile(temp.fd, toFsPath(path)));
      } finally {
        if (!held) temp.close();
      }
      // A sweep may have come between open and lock: that temp is gone, begin anew.
      if (held) return temp;
    }
  }

  /**
   * Gives up the lock, so only when the file has its name; then removes what is left of the temp.
   * In this order, because FUSE and NFS keep a removed file that is open under another name.
   */
  close(): void {
    try {
      this.#ops.closeSync(this.fd);
    } finally {
      bestEffort(() => removeFile(this.#ops, toFsPath(this.path)));
    }
  }
}

/**
 * Removes the temps of `target` that dead processes left, and gives their number. Without flock no
 * process is known to be dead, so nothing is removed. Throws an IngotError.
 */
export async function sweepTempsOf(
  target: string,
  libc: Libc | undefined,
  ops: FileOps,
): Promise<number> {
  if (libc === undefined) return 0;
  const folder = dirname(target);
  let swept = 0;
  try {
    for (const path of await tempsOf(folder, tempPrefix(target), libc))
      if (sweepFile(path, libc, ops)) swept++;
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    throw failed('cannot sweep the temps of dead processes', error, { path: path ?? folder });
  }
  return swept;
}

/** What all temps of a file begin with. A long name is cut: the temp's own has to fit, too. */
function tempPrefix(target: string): string {
  const name = toBytes(basename(target));
  return escapeName(name.subarray(0, MAX_BASE_BYTES)) + INFIX;
}

const NEW_FILE = fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL;

/** The folder is the user's, and may hold millions of files. */
async function tempsOf(folder: string, begin: string, libc: Libc): Promise<string[]> {
  const prefix = toBytes(begin);
  const names = await namesBeginning(prefix, toFsPath(folder), libc);
  return names
    .filter((name) => ID.test(name.toString('latin1', prefix.length)))
    .map((name) => joinPath(folder, escapeName(name)));
}

/** Removes a file whose lock nobody holds; false when somebody does, or it is not ours to judge. */
export function sweepFile(path: string, libc: Libc, ops: FileOps): boolean {
  const fd = openToSweep(path, ops);
  if (fd === undefined) return false;
  try {
    if (!tryDeadLock(libc, fd) || !isSameFile(fd, toFsPath(path))) return false;
    removeFile(ops, toFsPath(path));
    return true;
  } finally {
    ops.closeSync(fd);
  }
}

/**
 * Opens a file for its lock; with `rights` it is made where it is missing. Undefined when another
 * sweep was faster, or it is another user's.
 */
export function openToSweep(path: string, ops: FileOps, rights?: Rights): StoreFd | undefined {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  try {
    if (rights !== undefined) return openOrMake(path, O_RDWR, rights, ops);
    return ops.openSync(toFsPath(path), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'ENXIO', 'EISDIR')) return undefined;
    throw error;
  }
}
