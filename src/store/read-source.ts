import type { FileHandle } from 'node:fs/promises';
import { failed, IngotError } from '../errors.ts';
import { isRegularFile, isUnchanged, nodeStatus } from '../native/file-status.ts';
import { uninterruptedLater } from '../native/uninterrupted.ts';

/**
 * Reads to the end, at most `chunkBytes` at a time. Throws an IngotError: INGOT_CHANGED when a
 * regular file was changed meanwhile, or an errno; or what the signal was aborted with.
 */
export async function* readSource(
  file: FileHandle,
  path: string,
  chunkBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    const before = nodeStatus.ofOpen(file.fd);
    // One byte more than a small file has, so that its end is seen without another chunk. Files of
    // /proc claim to be empty.
    const known = isRegularFile(before) && before.size > 0;
    const chunkSize = known ? Math.min(chunkBytes, before.size + 1) : chunkBytes;
    let buffer = Buffer.allocUnsafeSlow(chunkSize);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await uninterruptedLater(() => file.read(buffer, 0, chunkSize));
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      // A few bytes must not hold on to the whole buffer: those of a device may come one by one.
      const isShort = bytesRead < chunkSize / 2;
      yield isShort ? Buffer.from(bytes) : bytes;
      if (!isShort) buffer = Buffer.allocUnsafeSlow(chunkSize);
    }
    if (isRegularFile(before) && !isUnchanged(before, nodeStatus.ofOpen(file.fd)))
      throw changed(path);
  } catch (error) {
    throw failed('cannot read the source', error, { path });
  }
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
