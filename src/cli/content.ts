/** Bytes as the result of a command: to standard output, or to a file. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failed, UsageError } from '../errors.ts';
import { nodeFileOps, writeFullyLater } from '../files/file-ops.ts';
import { checkOutput } from '../files/output-place.ts';
import { replaceFile } from '../files/replace-file.ts';
import { isReaderGone } from '../files/standard-streams.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import { loadLibc } from '../native/libc.ts';
import { EXIT } from './fail.ts';
import type { Output } from './output.ts';

/** `file` is undefined for standard output. Throws a UsageError where --json would go there, too. */
export function requireOneOutput(file: string | undefined, output: Output): void {
  if (file !== undefined || output.mode === 'human') return;
  throw new UsageError({
    what: 'wrong usage',
    code: 'INGOT_USAGE',
    why: 'the content and --json would both go to stdout',
    hint: 'write the content to a file with -o FILE',
  });
}

/** The same chunks; `count` is called with the length of each. */
export async function* counting(
  content: Readable,
  count: (length: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of content as AsyncIterable<Buffer>) {
    count(chunk.length);
    yield chunk;
  }
}

/** What a reader gets of a damaged object is cut short, and the exit code says so. */
export async function print(chunks: AsyncGenerator<Buffer>, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { signal, end: false });
  } catch (error) {
    if (isReaderGone(error)) process.exit(EXIT.readerGone);
    throw signal.aborted ? error : failed('cannot write to standard output', error);
  }
}

/** Writes a file whole or not at all wherever a rename works. `store` may not hold it. */
export async function save(
  chunks: AsyncGenerator<Buffer>,
  file: string,
  store: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    checkOutput(file, store, await loadLibc());
    const fill = async (fd: AnyDescriptor) => {
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        await writeFullyLater(nodeFileOps, fd, chunk);
      }
    };
    await replaceFile(file, fill, { signal });
  } catch (error) {
    throw failed('cannot write the content', error, { path: file });
  } finally {
    await chunks.return(undefined);
  }
}
