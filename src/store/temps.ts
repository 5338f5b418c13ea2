import fs from 'node:fs';
import { errnoOf, failed } from '../errors.ts';
import { diskFullHint } from './disk-full.ts';
import type { FileOps } from './file-ops.ts';

/** An object being written. */
export interface Temp {
  readonly path: string;
  /** -1 once closed: descriptors are shared by all threads, so none may be closed twice. */
  fd: number;
}

/** Objects are read-only for everyone; the store's own mode keeps strangers out. */
const OBJECT_MODE = 0o444;

/**
 * Bytes in the name of a temp. To make a name ext4 looks at each one in a block of the folder, and
 * three times as many short ones fit into it.
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
  /** True when the umask takes bits of OBJECT_MODE away; learnt from the first temp. */
  #needsMode: boolean | undefined;

  constructor(folder: string, root: string, ops: FileOps) {
    this.#folder = folder;
    this.#root = root;
    this.#ops = ops;
  }

  /**
   * Makes an empty temp, open for writing; `bytesNeeded` are told when there is no room for it.
   * Throws an IngotError.
   */
  open(bytesNeeded: number): Temp {
    const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
    const path = this.#nextPath();
    let temp: Temp | undefined;
    try {
      temp = { path, fd: this.#ops.openSync(path, O_WRONLY | O_CREAT | O_EXCL, OBJECT_MODE) };
      this.#needsMode ??= (fs.fstatSync(temp.fd).mode & 0o777) !== OBJECT_MODE;
      if (this.#needsMode) this.#ops.fchmodSync(temp.fd, OBJECT_MODE);
      return temp;
    } catch (error) {
      if (temp !== undefined) this.remove(temp);
      throw this.failure(error, path, bytesNeeded);
    }
  }

  /**
   * Makes a temp that shares the blocks of an open file, open for reading. Undefined where that
   * cannot be done. Throws an IngotError when the disk is full or fails.
   */
  clone(sourceFd: number, device: number): Temp | undefined {
    if (this.#noClone.has(device)) return undefined;
    const temp: Temp = { path: this.#nextPath(), fd: -1 };
    const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_RDONLY } = fs.constants;
    try {
      // By the open descriptor: the name may mean another file by now.
      this.#ops.copyFileSync(
        `/proc/self/fd/${sourceFd}`,
        temp.path,
        COPYFILE_EXCL | COPYFILE_FICLONE_FORCE,
      );
      temp.fd = this.#ops.openSync(temp.path, O_RDONLY);
      this.#ops.fchmodSync(temp.fd, OBJECT_MODE);
      return temp;
    } catch (error) {
      this.remove(temp);
      const code = errnoOf(error) ?? '';
      if (['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE'].includes(code))
        throw this.failure(error, temp.path);
      // Another file system, or one that shares no blocks: copy from that device from now on.
      this.#noClone.add(device);
      return undefined;
    }
  }

  close(temp: Temp): void {
    const fd = temp.fd;
    // close(2) frees the descriptor even when it fails.
    temp.fd = -1;
    this.#ops.closeSync(fd);
  }

  /** Cleans up without hiding the error that led here: what stays is swept on the next open. */
  remove(temp: Temp): void {
    if (temp.fd >= 0) ignoringErrno(() => this.close(temp));
    ignoringErrno(() => this.#ops.unlinkSync(temp.path));
  }

  /** What a failed write of a temp is told as: which disk, and what to do. */
  failure(error: unknown, path: string, bytesNeeded?: number): Error {
    const hint = diskFullHint(error, this.#root, bytesNeeded);
    return failed('cannot write an object', error, { path, hint });
  }

  #nextPath(): string {
    return `${this.#folder}/${String(this.#next++).padStart(NAME_LENGTH, '0')}`;
  }
}

/** Takes a step that is no loss when the file system refuses it: a removal, a hint. */
export function ignoringErrno(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
