/** A content that a command gives out: to stdout, or to a file whole or not at all. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Digest } from '../digest.ts';
import { failed, UsageError } from '../errors.ts';
import { nodeFileOps, writeFullyLater } from '../files/file-ops.ts';
import { checkOutput } from '../files/output-place.ts';
import { replaceFile } from '../files/replace-file.ts';
import { isReaderGone } from '../files/standard-streams.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import { loadLibc } from '../native/libc.ts';
import { bytes } from '../units.ts';
import type { CommandContext } from './command.ts';
import { EXIT } from './fail.ts';
import { type CommonFlags, outputFile } from './options.ts';
import type { Output } from './output.ts';

export interface ContentFlags extends CommonFlags {
  readonly output?: string;
}

export function addOutputFile(command: Command): Command {
  return command.option(
    '-o, --output <file>',
    'write there, whole or not at all wherever a rename works',
    outputFile,
  );
}

/** The file that was named; undefined for stdout. Throws a UsageError where that has JSON on it. */
export function outputFileOf(flags: ContentFlags, output: Output): string | undefined {
  const file = flags.output === '-' ? undefined : flags.output;
  requireOneOutput(file, output);
  return file;
}

export interface Content {
  readonly stream: Readable;
  readonly digest: Digest;
  /** The path of the store, which FILE may not be in. */
  readonly store: string;
}

/** Gives out a verified content. */
export async function giveOut(
  { stream, digest, store }: Content,
  file: string | undefined,
  { output, signal }: CommandContext,
): Promise<void> {
  let size = 0;
  output.doing(() => `${bytes(size)} of ${digest} written`);
  const chunks = counting(stream, (length) => {
    size += length;
  });
  if (file === undefined) await print(chunks, signal);
  else {
    await save(chunks, file, store, signal);
    output.result({ digest, size, path: file }, '');
  }
}

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
