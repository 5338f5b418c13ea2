/**
 * Checks that a content is on the disk, not only in memory. Linux reports a failed write-back once,
 * to the first process that asks, and keeps the bytes in the page cache as if they were written. So
 * a flush proves nothing about what another process wrote before; only a read past the page cache
 * does.
 */
import fs from 'node:fs';
import { type Digest, DigestStream } from '../../../digest.ts';
import { errnoOf, hasErrno } from '../../../errors.ts';
import { alignedBuffer, PAGE_BYTES } from '../../../native/aligned-buffer.ts';
import type { Libc } from '../../../native/libc.ts';
import { uninterrupted } from '../../../native/uninterrupted.ts';
import { Turns } from '../../../turns.ts';
import { READ_FLAGS } from '../on-disk/read-flags.ts';

const CHUNK_BYTES = 1 << 20;

/**
 * Errnos of what is no regular file, of what the disk cannot read, and of what it could not write:
 * a read past the page cache reports a failed write-back, too.
 */
const NOT_HELD = new Set(['ELOOP', 'ENXIO', 'EIO', 'EBADMSG', 'EUCLEAN', 'ENOSPC', 'EDQUOT']);

/** Reads objects back from the disk, one after the other. What was written has to be flushed before. */
export class DiskReader {
  readonly #libc: Libc | undefined;
  readonly #signal: AbortSignal | undefined;
  #buffer: Buffer | undefined;
  readonly #turns = new Turns();

  constructor(libc: Libc | undefined, signal?: AbortSignal) {
    this.#libc = libc;
    this.#signal = signal;
  }

  /**
   * True when the disk holds the content of this digest at `path`; undefined when nothing is
   * there. Throws an errno that says nothing about the content (EACCES), or what the signal was
   * aborted with.
   */
  async holds(path: string, digest: Digest): Promise<boolean | undefined> {
    let fd = -1;
    try {
      fd = fs.openSync(path, READ_FLAGS);
      // Where the file system has no such reads (tmpfs, some FUSE), the page cache must do.
      this.#libc?.setDirect(fd, true);
      return (await this.#digestOf(fd)) === digest;
    } catch (error) {
      const code = errnoOf(error) ?? '';
      if (code === 'ENOENT') return undefined;
      if (!NOT_HELD.has(code)) throw error;
      return false;
    } finally {
      if (fd >= 0) fs.closeSync(fd);
    }
  }

  /** Undefined for what is no regular file. */
  async #digestOf(fd: number): Promise<Digest | undefined> {
    const status = fs.fstatSync(fd);
    if (!status.isFile()) return undefined;
    const { size } = status;
    await this.#turn();
    const hash = new DigestStream();
    for (let at = 0; at < size; ) {
      // After a short read the next one begins with a page that is known in part.
      const from = at - (at % PAGE_BYTES);
      this.#buffer ??= alignedBuffer(CHUNK_BYTES, this.#libc);
      const got = this.#readAt(fd, this.#buffer, from);
      if (from + got <= at) break;
      hash.update(this.#buffer.subarray(at - from, got));
      at = from + got;
      await this.#turn();
    }
    return hash.digest();
  }

  #readAt(fd: number, buffer: Buffer, from: number): number {
    const read = () => fs.readSync(fd, buffer, 0, CHUNK_BYTES, from);
    try {
      return uninterrupted(read);
    } catch (error) {
      // A device whose blocks are larger than a page.
      if (!hasErrno(error, 'EINVAL')) throw error;
      this.#libc?.setDirect(fd, false);
      return uninterrupted(read);
    }
  }

  async #turn(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (this.#turns.isDue()) await this.#turns.take();
  }
}
