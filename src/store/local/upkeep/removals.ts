/** The files that a gc takes in one slice, as fast as they go. */
import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { hasErrno } from '../../../errors.ts';
import type { FileOps, StoreFd } from '../../../files/file-ops.ts';
import { O_PATH } from '../../../native/descriptor.ts';
import type { Unneeded } from '../../seam/collecting.ts';
import { LARGE_BYTES, throwAway } from './trash.ts';

/** Folders stay open until it is closed: a name in one takes less time than a path. */
export class Removals {
  readonly #root: string;
  readonly #ops: FileOps;
  /** Folders in which names went are added. */
  readonly #changed: Set<string>;
  readonly #open = new Map<string, StoreFd>();

  constructor(root: string, changed: Set<string>, ops: FileOps) {
    this.#root = root;
    this.#changed = changed;
    this.#ops = ops;
  }

  /**
   * Takes the file at a path away, if it is older. Gives its size, undefined where no such file is.
   * One of known size is not looked at: that takes a third of the time in which it goes. Throws what
   * the calls fail with.
   */
  take(path: string, { name, size }: Unneeded, olderThan: number | undefined): number | undefined {
    const bytes = olderThan === undefined && size !== undefined ? size : fileAt(path, olderThan);
    if (bytes === undefined) return undefined;
    try {
      this.#remove(path, name, bytes);
      return bytes;
    } catch (error) {
      if (hasErrno(error, 'ENOENT') || fileAt(path, undefined) === undefined) return undefined;
      throw error;
    }
  }

  close(): void {
    for (const fd of this.#open.values()) this.#ops.closeSync(fd);
  }

  #remove(path: string, name: Digest, bytes: number): void {
    const folder = path.slice(0, -name.length - 1);
    if (bytes >= LARGE_BYTES) throwAway(this.#root, path, name, this.#ops);
    else if (this.#ops.unlinkInSync === undefined) this.#ops.unlinkSync(path);
    else this.#ops.unlinkInSync(this.#opened(folder), name);
    this.#changed.add(folder);
  }

  #opened(folder: string): StoreFd {
    const known = this.#open.get(folder);
    if (known !== undefined) return known;
    const fd = this.#ops.openSync(folder, O_PATH | fs.constants.O_DIRECTORY);
    this.#open.set(folder, fd);
    return fd;
  }
}

/** In bytes; undefined where there is no file, or a younger one. */
export function fileAt(path: string, olderThan: number | undefined): number | undefined {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return undefined;
  if (olderThan !== undefined && Math.max(found.mtimeMs, found.ctimeMs) >= olderThan)
    return undefined;
  return found.size;
}
