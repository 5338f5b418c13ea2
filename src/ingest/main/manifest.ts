/**
 * The manifest: digest and path of every stored file, as GNU sha256sum prints them, sorted by path
 * bytes. A named FILE appears whole or not at all wherever a rename works.
 */
import type { Writable } from 'node:stream';
import type { Digest } from '../../digest.ts';
import { codeOf, failed } from '../../errors.ts';
import { checksumLine } from '../../export/checksum-line.ts';
import { type FileOps, nodeFileOps, writeFullyLater } from '../../files/file-ops.ts';
import { checkOutput } from '../../files/output-place.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { dashOf, descriptorOf, isReaderGone } from '../../files/standard-streams.ts';
import { toBytes } from '../../names.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import type { Libc } from '../../native/libc.ts';
import { ExternalSort } from '../../sort/external-sort.ts';
import type { SortedRecord } from '../../sort/sorted-record.ts';
import type { WalkPlan } from '../../sources/walk/walk-sources.ts';

export interface ManifestOptions {
  /** Bytes of lines held in memory before they are sorted and spilled. */
  readonly chunkBytes?: number;
  readonly ops?: FileOps;
  /** The store's folder: no manifest is written into it. */
  readonly store?: string | undefined;
  /** Shows what a rename would meet at the target. */
  readonly libc?: Libc | undefined;
  /** What `-` stands for. Default: process.stdout. */
  readonly stdout?: Writable;
}

/** Lines leave in blocks of this size. */
const BLOCK_BYTES = 256 << 10;

export class ManifestWriter {
  readonly #target: string;
  readonly #sort: ExternalSort;
  readonly #ops: FileOps;
  readonly #stdout: Writable;

  /**
   * `target` is a file's path (names in the escaped form of names.ts), or `-` for standard output.
   * Throws an IngotError at once when no file can be made there, before hours of work.
   */
  constructor(target: string, options: ManifestOptions = {}) {
    this.#ops = options.ops ?? nodeFileOps;
    this.#stdout = options.stdout ?? process.stdout;
    this.#target = dashOf(target);
    try {
      if (this.#target !== '-') checkOutput(target, options.store, options.libc);
    } catch (error) {
      throw failed('cannot write the manifest', error, { path: target });
    }
    const { chunkBytes } = options;
    this.#sort = new ExternalSort('cannot sort the manifest', { chunkBytes, ops: this.#ops });
  }

  /** The path of the file that it becomes; undefined when it goes to an open descriptor. */
  get file(): string | undefined {
    const isOpen = this.#target === '-' || descriptorOf(this.#target) !== undefined;
    return isOpen ? undefined : this.#target;
  }

  /** Takes a stored file; the path, in the escaped form, is relative to what the user will `cd` to. */
  add(digest: Digest, path: string): void {
    this.#sort.add(toBytes(path), Buffer.from(digest, 'hex'));
  }

  /**
   * Writes the manifest; a file is durable on return. Rejects with an IngotError, or with the
   * signal's reason.
   */
  async finish(signal?: AbortSignal): Promise<void> {
    try {
      if (this.#target === '-') await this.#print(signal);
      else
        await replaceFile(this.#target, (fd) => this.#writeTo(fd, signal), {
          ops: this.#ops,
          signal,
        });
    } catch (error) {
      throw failed('cannot write the manifest', error, { path: this.#target });
    } finally {
      this.#sort.close();
    }
  }

  /** Drops everything; nothing appears at the target. */
  abandon(): void {
    this.#sort.close();
  }

  async #print(signal: AbortSignal | undefined): Promise<void> {
    // The stream reports a failed write to its 'error' listeners too, right after the callback of
    // the write.
    const ignore = () => {};
    this.#stdout.on('error', ignore);
    try {
      for (const block of blocks(this.#sort))
        if (!(await writeBlock(this.#stdout, block, signal))) return;
    } finally {
      setImmediate(() => this.#stdout.off('error', ignore));
    }
  }

  async #writeTo(fd: AnyDescriptor, signal: AbortSignal | undefined): Promise<void> {
    for (const block of blocks(this.#sort)) {
      await writeFullyLater(this.#ops, fd, block);
      // Nobody waits any more, and what is sorted may be closed.
      signal?.throwIfAborted();
    }
  }
}

function* blocks(sort: ExternalSort): Generator<Buffer> {
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let used = 0;
  for (const record of sort.sorted()) {
    const line = lineOf(record);
    if (used + line.length > block.length) {
      yield block.subarray(0, used);
      block = Buffer.allocUnsafe(Math.max(BLOCK_BYTES, line.length));
      used = 0;
    }
    used += line.copy(block, used);
  }
  if (used > 0) yield block.subarray(0, used);
}

function lineOf({ bytes, payloadAt, payloadLength, keyLength }: SortedRecord): Buffer {
  const pathAt = payloadAt + payloadLength;
  const hex = bytes.toString('hex', payloadAt, pathAt);
  return checksumLine(hex, bytes.subarray(pathAt, pathAt + keyLength));
}

/**
 * Resolves when the stream has taken the block; false when its reader is gone. Rejects with the
 * signal's reason: a reader may take nothing for good.
 */
function writeBlock(
  stream: Writable,
  block: Buffer,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    stream.write(block, (error) => {
      signal?.removeEventListener('abort', onAbort);
      if (!error) resolve(true);
      else if (codeOf(error) === 'ERR_STREAM_DESTROYED' || isReaderGone(error)) resolve(false);
      else reject(error);
    });
  });
}

/**
 * What the manifest leaves out of every path. With one directory as the only source its paths are
 * relative to it, for `cd SOURCE && sha256sum -c`; else they are as the sources were given.
 */
export function pathPrefix({ sources, list }: Pick<WalkPlan, 'sources' | 'list'>): string {
  const [only] = sources;
  if (only === undefined || sources.length > 1 || list !== undefined || !only.isDirectory)
    return '';
  return only.path === '/' ? '/' : `${only.path}/`;
}
