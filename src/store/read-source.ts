import fs from 'node:fs';
import { promisify } from 'node:util';
import { failed } from '../errors.ts';
import { hasHoles, isRegularFile, isUnchanged, nodeStatus } from '../native/file-status.ts';
import { uninterruptedLater } from '../native/uninterrupted.ts';
import type { ReadContent, Readings } from '../sources/readings.ts';

const read = promisify(fs.read) as typeof fs.read.__promisify__;

/** One reading of the file at a path, whatever kind of file it is. */
export class SourceReading {
  readonly #path: string;
  /** What the looks at it show. What is no regular file gives its bytes once, and does not change. */
  #ended: 'unchanged' | 'changed' | 'broken off' = 'unchanged';

  /** The file has holes. Known from the first chunk on, of a file that is larger than that. */
  hasHoles = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads it to its end, a buffer at a time: into that one and another of its size in turn, so that
   * a chunk is good until the next but one is asked for. Throws an IngotError with an errno, or what
   * the signal was aborted with.
   */
  async *chunks(buffer: Buffer, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    try {
      const fd = fs.openSync(this.#path, 'r');
      try {
        yield* this.#readOpen(fd, buffer, signal);
      } finally {
        fs.closeSync(fd);
      }
    } catch (error) {
      throw failed('cannot read the source', error, { path: this.#path });
    }
  }

  /** True when what all of the chunks gave may be stored, after those `readings` of the file. */
  mayStore(content: ReadContent, readings: Readings): boolean {
    if (this.#ended !== 'broken off')
      return readings.mayStore(content, this.#ended === 'unchanged');
    readings.brokenOff();
    return false;
  }

  async *#readOpen(
    fd: number,
    buffer: Buffer,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer> {
    const before = nodeStatus.ofOpen(fd);
    const isRegular = isRegularFile(before);
    this.hasHoles = before.size > buffer.length && hasHoles(fd);
    let into = buffer;
    let other: Buffer | undefined;
    for (let [size, isEnd] = [0, false]; !isEnd; ) {
      let filled = 0;
      while (filled < into.length && !isEnd) {
        signal?.throwIfAborted();
        const [from, room] = [filled, into.length - filled];
        const reading = () => read(fd, into, from, room, null);
        const { bytesRead } = await uninterruptedLater(reading);
        filled += bytesRead;
        size += bytesRead;
        // Less than was asked for is the end of a regular file (POSIX read()), where st_size agrees.
        isEnd = bytesRead === 0 || (isRegular && bytesRead < room && size === before.size);
      }
      if (filled > 0) yield into.subarray(0, filled);
      // A file that others write to as fast as it is read would never end.
      if (isRegular && size > before.size && nodeStatus.ofOpen(fd).size !== before.size) {
        this.#ended = 'broken off';
        return;
      }
      [into, other] = [other ?? Buffer.allocUnsafeSlow(isEnd ? 0 : buffer.length), into];
    }
    if (isRegular && !isUnchanged(before, nodeStatus.ofOpen(fd))) this.#ended = 'changed';
  }
}
