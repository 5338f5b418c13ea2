import fastGlob from 'fast-glob';
import { exactFs } from './exact-fs.ts';
import type { TreeReader } from './tree-reader.ts';

/**
 * Walks one tree: fast-glob chooses and orders the directories, `reader` reads each. Resolves when
 * every directory has been read; rejects with what the reader throws, or with the signal's reason.
 *
 * To fast-glob each tree is the whole file system. So no name of the root gets near its patterns
 * and path handling, which take brackets, braces and backslashes for something else.
 */
export async function walkTree(reader: TreeReader, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let onAbort = (): void => {};
  const walked = new Promise<void>((resolve, reject) => {
    onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    fastGlob
      .stream('**', {
        cwd: '/',
        fs: exactFs((path) => reader.read(path), reject),
        concurrency: 1,
        dot: true,
        followSymbolicLinks: false,
        // The adapter shows directories only, so that nothing is ever matched, kept or streamed.
        onlyFiles: true,
        unique: false,
      })
      .on('error', reject)
      .on('end', resolve)
      .resume();
  });
  try {
    await walked;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
