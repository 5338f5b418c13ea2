import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { type FileOps, flushFile } from '../../../files/file-ops.ts';
import type { Libc } from '../../../native/libc.ts';
import { quarantine, quarantineLost } from './quarantine.ts';
import { DiskReader } from './read-back.ts';

/** Makes one of two objects that lie in both layouts. */
export class Merger {
  readonly #root: string;
  readonly #ops: FileOps;
  readonly #disk: DiskReader;
  /** Reads what memory holds: without libc nothing is read past it. */
  readonly #memory: DiskReader;

  constructor(root: string, libc: Libc, ops: FileOps, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#ops = ops;
    this.#disk = new DiskReader(libc, signal);
    this.#memory = new DiskReader(undefined, signal);
  }

  /**
   * True when the object in the new place is sound and the old one was removed; false when nothing
   * is in the new place any more. Throws what the file system throws, the signal's reason when that
   * is aborted.
   */
  async merge(digest: Digest, source: string, target: string): Promise<boolean> {
    if (!fs.lstatSync(target, { throwIfNoEntry: false })) return false;
    if ((await this.#memory.holds(target, digest)) !== true) {
      quarantine(this.#root, { digest, path: target }, this.#ops);
      return false;
    }
    // The old object may have been reported durable, and the writer of the new one may flush
    // nothing.
    flushFile(target, this.#ops);
    if ((await this.#disk.holds(target, digest)) !== true) {
      quarantineLost(this.#root, { digest, path: target }, this.#ops);
      return false;
    }
    this.#ops.unlinkSync(source);
    return true;
  }
}
