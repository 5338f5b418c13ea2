import { isRegularFile, type StatusReader } from '../native/file-status.ts';
import type { Files, SourceFd } from '../native/files.ts';

/** The calls that it takes. */
export interface AskCalls {
  readonly files: Files;
  readonly status: StatusReader;
}

/**
 * Asks the kernel to read a file that was just opened, and closes it: gives the bytes that are under
 * way, undefined for what is no file or has more than `most`. Throws what the calls fail with.
 */
export function askOpen(
  fd: SourceFd,
  most: number,
  { files, status }: AskCalls,
): number | undefined {
  try {
    const found = status.ofOpen(fd);
    if (!isRegularFile(found) || found.size > most) return undefined;
    if (found.size > 0) files.willNeed!(fd, 0, found.size);
    return found.size;
  } finally {
    files.close(fd);
  }
}
