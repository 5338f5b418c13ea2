import { promisify } from 'node:util';
import { failed, hasErrno } from '../../../errors.ts';
import {
  confirmFlush,
  type FileOps,
  openDirectory,
  type StoreFd,
} from '../../../files/file-ops.ts';
import { BarrierCoordinator } from './barrier.ts';

/** The error for a flush of names that failed. */
export function namesNotDurable(error: unknown, path: string): Error {
  const hint = 'check the disk and run again';
  return failed('cannot make the names of objects durable', error, { path, hint });
}

/** Makes names durable that were published one by one: one flush of a folder serves all that wait. */
export class NameFlush {
  readonly #ops: FileOps;
  readonly #coordinator = new BarrierCoordinator(() => this.#flushFolders());
  #dirty = new Set<string>();
  /** Folders flushed. */
  count = 0;

  constructor(ops: FileOps) {
    this.#ops = ops;
  }

  /** Resolves when the names that lie in these folders now are durable. Fails for good once it failed. */
  async wait(folders: readonly string[]): Promise<void> {
    for (const folder of folders) this.#dirty.add(folder);
    await this.#coordinator.wait();
  }

  async #flushFolders(): Promise<void> {
    const folders = this.#dirty;
    this.#dirty = new Set();
    for (const folder of folders) await this.#flush(folder);
  }

  async #flush(folder: string): Promise<void> {
    let fd: StoreFd | undefined;
    try {
      fd = openDirectory(this.#ops, folder);
      await promisify(this.#ops.fsync)(fd);
      confirmFlush(this.#ops, folder);
      this.count++;
    } catch (error) {
      // A shard that is not there holds no names: a relayout may remove it at any moment.
      if (hasErrno(error, 'ENOENT')) return;
      throw namesNotDurable(error, folder);
    } finally {
      if (fd !== undefined) this.#ops.closeSync(fd);
    }
  }
}
