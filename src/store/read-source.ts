import fs from 'node:fs';
import { promisify } from 'node:util';
import { failed, IngotError } from '../errors.ts';
import { isRegularFile, isUnchanged, nodeStatus } from '../native/file-status.ts';
import { uninterruptedLater } from '../native/uninterrupted.ts';

const read = promisify(fs.read) as typeof fs.read.__promisify__;

/**
 * Reads the file at a path to its end, a buffer at a time: into that one and another of its size in
 * turn, so that a chunk is good until the next but one is asked for. Throws an IngotError:
 * INGOT_CHANGED when a regular file was changed meanwhile, or an errno; or what the signal was aborted
 * with.
 */
export async function* readSource(
  path: string,
  buffer: Buffer,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    const fd = fs.openSync(path, 'r');
    try {
      yield* readOpen(fd, path, buffer, signal);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw failed('cannot read the source', error, { path });
  }
}

async function* readOpen(
  fd: number,
  path: string,
  buffer: Buffer,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const before = nodeStatus.ofOpen(fd);
  const isRegular = isRegularFile(before);
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
    [into, other] = [other ?? Buffer.allocUnsafeSlow(isEnd ? 0 : buffer.length), into];
  }
  if (isRegular && !isUnchanged(before, nodeStatus.ofOpen(fd))) throw changed(path);
}

function changed(path: string): IngotError {
  return new IngotError({
    what: 'cannot store a file',
    code: 'INGOT_CHANGED',
    path,
    why: 'it changed while it was read',
    hint: 'put it again when nothing writes to it',
  });
}
