import { hasErrno } from '../../../errors.ts';
import { type FileOps, writeLater } from '../../../files/file-ops.ts';
import { dataFrom } from '../../../files/holes.ts';
import { PAGE_BYTES } from '../../../native/aligned-buffer.ts';
import type { AnyDescriptor } from '../../../native/descriptor.ts';
import type { Libc } from '../../../native/libc.ts';
import type { StreamStage } from '../../seam/write.ts';

export interface TempStreamOptions {
  /** Given when all pieces but the last will be whole pages in aligned memory. */
  readonly setDirect?: Libc['setDirect'] | undefined;
  /** Pages of zeros become holes. */
  readonly sparse?: boolean | undefined;
}

/**
 * Writes a large temp piece by piece, past the page cache where it can. The bytes are then on the
 * device before the barrier asks for them, they are copied once less, and they do not fill the page
 * cache with what nobody is going to read.
 */
export class TempStream {
  readonly #fd: AnyDescriptor;
  readonly #ops: FileOps;
  readonly #write: ReturnType<typeof writeLater>;
  readonly #setDirect: Libc['setDirect'] | undefined;
  readonly #sparse: boolean;
  #direct: boolean;
  #endsInHole = false;
  /** Bytes written so far, holes among them. */
  size = 0;

  constructor(fd: AnyDescriptor, ops: FileOps, { setDirect, sparse }: TempStreamOptions = {}) {
    this.#fd = fd;
    this.#ops = ops;
    this.#write = writeLater(ops);
    this.#setDirect = setDirect;
    this.#sparse = sparse ?? false;
    this.#direct = setDirect?.(fd, true) ?? false;
  }

  /** Appends all of `bytes`. Throws what write(2) fails with. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#sparse) return this.#writeAll(bytes);
    for (let at = 0; at < bytes.length; ) {
      const data = dataFrom(bytes, at, this.size);
      if (data.at > at) this.#leaveHole(data.at - at);
      if (data.end > data.at) await this.#writeAll(bytes.subarray(data.at, data.end));
      at = data.end;
    }
  }

  #leaveHole(bytes: number): void {
    this.size += bytes;
    this.#endsInHole = true;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    // The end of a file is seldom a whole page: it goes through the page cache, and so does all
    // that follows a short piece.
    for (let at = 0; at < bytes.length; ) {
      const rest = bytes.length - at;
      if (this.#direct && (this.size % PAGE_BYTES !== 0 || rest % PAGE_BYTES !== 0))
        this.#throughCache();
      const written = await this.#writeOnce(bytes, at, rest);
      at += written;
      this.size += written;
      this.#endsInHole = false;
    }
  }

  async #writeOnce(bytes: Uint8Array, at: number, length: number): Promise<number> {
    // Where the last write ended, which null stands for: some file systems have no positions.
    const position = this.#sparse ? this.size : null;
    try {
      return (await this.#write(this.#fd, bytes, at, length, position)).bytesWritten;
    } catch (error) {
      // A device whose blocks are larger than a page.
      if (!this.#direct || !hasErrno(error, 'EINVAL')) throw error;
      this.#throughCache();
      return 0;
    }
  }

  #throughCache(): void {
    this.#setDirect?.(this.#fd, false);
    this.#direct = false;
  }

  /** All is written: a hole at the end counts, too. Throws what ftruncate(2) fails with. */
  end(): void {
    if (this.#endsInHole) this.#ops.ftruncateSync(this.#fd, this.size);
  }
}

/** What a dry run stages: nothing. */
export const DRY_STREAM: StreamStage<string> = {
  write: async () => {},
  keep: () => {},
  drop: () => {},
};
