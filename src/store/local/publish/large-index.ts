import fs from 'node:fs';
import { join } from 'node:path';
import { bestEffort, hasErrno } from '../../../errors.ts';
import { nodeFileOps } from '../../../files/file-ops.ts';
import { grant } from '../../../files/rights.ts';
import { uninterrupted } from '../../../native/uninterrupted.ts';
import { METADATA } from '../on-disk/format.ts';
import { openRegular } from '../on-disk/metadata-file.ts';
import { storeRights } from '../on-disk/sharing.ts';

/** More lines than these 350,000 objects are not worth each worker's memory. */
const MAX_BYTES = 16 << 20;

const LINE = /^\d{1,16} [0-9a-f]{32}$/;

/**
 * The sizes of large objects, each with a sample of its bytes: a content found here is very likely
 * stored already, so it is hashed before anything is written. Only a hint: what is missing, broken
 * or cannot be read costs a needless temp, a wrong line a second reading. Hence it is never
 * flushed, and many writers append to it at once (a line is one write(2) with O_APPEND).
 */
export class LargeIndex {
  readonly #root: string;
  readonly #path: string;
  readonly #known = new Set<string>();
  /** How much of the file was read so far: other workers and writers add to it. */
  #readTo = 0;

  constructor(root: string) {
    this.#root = root;
    this.#path = join(root, METADATA, 'large');
  }

  has(size: number, sample: string): boolean {
    bestEffort(() => this.#readOn());
    return this.#known.has(`${size} ${sample}`);
  }

  /** How many large objects it knows, and their bytes. Some may be gone. */
  totals(): { readonly count: number; readonly bytes: number } {
    bestEffort(() => this.#readOn());
    let bytes = 0;
    for (const line of this.#known) bytes += Number.parseInt(line, 10);
    return { count: this.#known.size, bytes };
  }

  add(size: number, sample: string): void {
    if (this.has(size, sample) || this.#readTo >= MAX_BYTES) return;
    // The objects are stored; without the hint a later duplicate is merely staged once more.
    bestEffort(() => this.#append(`${size} ${sample}\n`));
  }

  #append(line: string): void {
    const fd = this.#openOrMake(fs.constants.O_WRONLY | fs.constants.O_APPEND);
    try {
      fs.writeSync(fd, line);
    } finally {
      fs.closeSync(fd);
    }
  }

  #openOrMake(flags: number): number {
    try {
      return openRegular(this.#path, flags);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
    const rights = storeRights(this.#root).file;
    const fd = openRegular(this.#path, flags | fs.constants.O_CREAT, rights.mode);
    bestEffort(() => grant(fd, rights, nodeFileOps));
    return fd;
  }

  #readOn(): void {
    const fd = openRegular(this.#path, fs.constants.O_RDONLY);
    try {
      const chunk = Buffer.allocUnsafe(1 << 16);
      while (this.#readTo < MAX_BYTES) {
        const n = uninterrupted(() => fs.readSync(fd, chunk, 0, chunk.length, this.#readTo));
        if (n === 0) return;
        const end = chunk.subarray(0, n).lastIndexOf(0x0a) + 1;
        // A line that is still being written is read next time; one that never ends is no line.
        if (end === 0 && n < chunk.length) return;
        for (const line of chunk.toString('latin1', 0, end).split('\n'))
          if (LINE.test(line)) this.#known.add(line);
        this.#readTo += end || n;
      }
    } finally {
      fs.closeSync(fd);
    }
  }
}
