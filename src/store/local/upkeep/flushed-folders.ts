import fs from 'node:fs';
import { type FileOps, flushDirectory } from '../../../files/file-ops.ts';

/** Far more than a tick of the clock that times of files have. */
const SURE_MS = 1000;

/**
 * Flushes folders over and over, but not those that have not changed since: a change gives a folder
 * another time, unless it comes within a tick of the one before.
 */
export class FlushedFolders {
  readonly #ops: FileOps;
  /** By path: the time of the folder at its last flush, and whether it was old by then. */
  readonly #known = new Map<string, { readonly stamp: string; readonly isSure: boolean }>();

  constructor(ops: FileOps) {
    this.#ops = ops;
  }

  /** Throws what open(2) and fsync(2) fail with. */
  flush(folder: string): void {
    const { mtimeNs, ctimeNs, ctimeMs, ino, dev } = fs.statSync(folder, { bigint: true });
    const stamp = `${dev}:${ino}:${mtimeNs}:${ctimeNs}`;
    const known = this.#known.get(folder);
    if (known?.isSure && known.stamp === stamp) return;
    const isSure = Math.abs(Date.now() - Number(ctimeMs)) > SURE_MS;
    flushDirectory(this.#ops, folder);
    this.#known.set(folder, { stamp, isSure });
  }
}
