import fs from 'node:fs';
import { bestEffort, failed, hasErrno } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import type { FileOps, StoreFd } from '../../../files/file-ops.ts';
import { type AnyDescriptor, numberOf } from '../../../native/descriptor.ts';
import { denialIn } from '../on-disk/denial.ts';

/** An object being written. */
export interface Temp {
  /** As long as it has no name, the folder that it would get one in. */
  path: string;
  /** Undefined once closed: descriptors are shared by all threads, so none may be closed twice. */
  fd: StoreFd | undefined;
  /** It has no name yet: the file lives as long as it is open. */
  nameless: boolean;
}

/** One that was just made. */
export interface OpenTemp extends Temp {
  fd: StoreFd;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY } = fs.constants;
/** Node has no constant for it; on all architectures that it runs on it is the same number. */
export const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/** Objects are read-only for everyone; the store's own mode keeps strangers out. */
export const OBJECT_MODE = 0o444;

/**
 * Bytes in the name of a temp. For a new name ext4 looks at each name in a block of the folder, and
 * a block holds three times as many short ones.
 */
const NAME_LENGTH = 32;

/** One worker's own folder of temps: workers never wait for each other's directory lock. */
export class TempFolder {
  readonly #folder: string;
  readonly #root: string;
  readonly #ops: FileOps;
  /** Devices from which blocks cannot be shared with the store's. */
  readonly #noClone = new Set<number>();
  #next = 0;
  /**
   * True when the umask takes bits of OBJECT_MODE away; learnt from the first temp. False where the
   * file system refuses modes.
   */
  #needsMode: boolean | undefined;
  /** Files without a name can be had here, as far as is known. */
  #offersNameless: boolean;

  constructor(folder: string, root: string, ops: FileOps, setsModes = true) {
    this.#folder = folder;
    this.#root = root;
    this.#ops = ops;
    if (!setsModes) this.#needsMode = false;
    this.#offersNameless = ops.linkOpenSync !== undefined;
  }

  /**
   * Makes an empty temp without a name, open for writing: two names fewer to make and remove, and
   * nothing to sweep after a kill. One with a name where the file system has no others.
   */
  openNameless(bytesNeeded: number): OpenTemp {
    if (!this.#offersNameless) return this.open(bytesNeeded);
    const path = this.#folder;
    try {
      return this.#made({ path, fd: this.#openTemp(path, O_TMPFILE), nameless: true });
    } catch (error) {
      if (!hasErrno(error, 'ENOTSUP', 'EISDIR', 'EINVAL'))
        throw this.failure(error, path, bytesNeeded);
      this.#offersNameless = false;
      return this.open(bytesNeeded);
    }
  }

  /**
   * Gives a temp without a name the name of its object, and closes it. False when something has
   * that name: the temp then has a name in its folder. Throws what linkat(2) fails with.
   */
  publishNameless(temp: Temp, target: string): boolean {
    try {
      this.#ops.linkOpenSync!(temp.fd!, target);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const path = this.#nextPath();
      this.#ops.linkOpenSync!(temp.fd!, path);
      temp.path = path;
      temp.nameless = false;
    }
    this.close(temp);
    return temp.nameless;
  }

  /**
   * Makes an empty temp, open for writing; `bytesNeeded` is for the error when there is no room.
   * Throws an IngotError.
   */
  open(bytesNeeded: number): OpenTemp {
    const path = this.#nextPath();
    try {
      return this.#made({ path, fd: this.#openTemp(path, O_CREAT | O_EXCL), nameless: false });
    } catch (error) {
      throw this.failure(error, path, bytesNeeded);
    }
  }

  #openTemp(path: string, flags: number): StoreFd {
    return this.#ops.openSync(path, O_WRONLY | flags, OBJECT_MODE);
  }

  #made(temp: OpenTemp): OpenTemp {
    try {
      this.#needsMode ??= (fs.fstatSync(numberOf(temp.fd)).mode & 0o777) !== OBJECT_MODE;
      if (this.#needsMode) this.#ops.fchmodSync(temp.fd, OBJECT_MODE);
      return temp;
    } catch (error) {
      this.remove(temp);
      throw error;
    }
  }

  /**
   * Makes a temp that shares the blocks of an open file, open for reading. Undefined where that
   * cannot be done. Throws an IngotError when the disk is full or fails.
   */
  clone(sourceFd: AnyDescriptor, device: number): OpenTemp | undefined {
    if (this.#noClone.has(device)) return undefined;
    const temp: Temp = { path: this.#nextPath(), fd: undefined, nameless: false };
    const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_RDONLY } = fs.constants;
    try {
      // By the open descriptor: the name may mean another file by now.
      this.#ops.copyFileSync(
        `/proc/self/fd/${numberOf(sourceFd)}`,
        temp.path,
        COPYFILE_EXCL | COPYFILE_FICLONE_FORCE,
      );
      const fd = this.#ops.openSync(temp.path, O_RDONLY);
      temp.fd = fd;
      this.#ops.fchmodSync(fd, OBJECT_MODE);
      return Object.assign(temp, { fd });
    } catch (error) {
      this.remove(temp);
      if (hasErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE'))
        throw this.failure(error, temp.path);
      // Another file system, or one that shares no blocks. All else is about this file alone: btrfs
      // refuses one without checksums (chattr +C) with EINVAL, and shares the blocks of the next.
      if (hasErrno(error, 'EXDEV', 'ENOTTY', 'ENOTSUP')) this.#noClone.add(device);
      return undefined;
    }
  }

  close(temp: Temp): void {
    const fd = temp.fd!;
    // close(2) frees the descriptor even when it fails.
    temp.fd = undefined;
    this.#ops.closeSync(fd);
  }

  /** Cleans up without hiding the error that led here: what stays is swept on the next open. */
  remove(temp: Temp): void {
    if (temp.fd !== undefined) bestEffort(() => this.close(temp));
    if (!temp.nameless) bestEffort(() => this.#ops.unlinkSync(temp.path));
  }

  /** The error for a failed write: which disk, and what to do. */
  failure(error: unknown, path: string, bytesNeeded?: number): Error {
    const hint = diskFullHint(error, this.#root, bytesNeeded);
    return failed('cannot write an object', error, {
      path,
      hint,
      ...denialIn(this.#root, error, path),
    });
  }

  #nextPath(): string {
    return `${this.#folder}/${String(this.#next++).padStart(NAME_LENGTH, '0')}`;
  }
}
