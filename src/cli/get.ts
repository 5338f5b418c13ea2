import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { parseDigest } from '../digest.ts';
import { failed, UsageError } from '../errors.ts';
import { nodeFileOps, writeFullyLater } from '../files/file-ops.ts';
import { checkOutput } from '../files/output-place.ts';
import { replaceFile } from '../files/replace-file.ts';
import { isReaderGone } from '../files/standard-streams.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import { loadLibc } from '../native/libc.ts';
import { bytes } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, outputFile, storeOf } from './options.ts';

interface GetFlags extends CommonFlags {
  readonly output?: string;
}

/** `ingot get DIGEST [-o FILE]` */
export function addGet(program: Command): void {
  const command = program
    .command('get')
    .description('write the verified content of an object to stdout or a file')
    .argument('<digest>', 'the SHA-256 of the content, 64 characters')
    .option(
      '-o, --output <file>',
      'write there, whole or not at all wherever a rename works',
      outputFile,
    );
  addCommonOptions(command).action((digest: string, flags: GetFlags) =>
    runCommand(flags, 'stop', (context) => runGet(digest, flags, context)),
  );
}

async function runGet(
  text: string,
  flags: GetFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const digest = parseDigest(text);
  const path = storeOf(flags);
  const file = flags.output === '-' ? undefined : flags.output;
  if (file === undefined && output.mode !== 'human')
    throw new UsageError({
      what: 'wrong usage',
      code: 'INGOT_USAGE',
      why: 'the content and --json would both go to stdout',
      hint: 'write the content to a file with -o FILE',
    });
  const { Store } = await import('../store/store.ts');
  const store = await Store.open(path);
  const content = await store.get(digest);
  let size = 0;
  output.doing(() => `${bytes(size)} of ${digest} written`);
  const chunks = counting(content, (length) => {
    size += length;
  });
  if (file === undefined) await print(chunks, signal);
  else {
    await save(chunks, file, store.root, signal);
    output.result({ digest, size, path: file }, '');
  }
  return EXIT.done;
}

/** The same chunks; `count` is called with the length of each. */
async function* counting(
  content: Readable,
  count: (length: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of content as AsyncIterable<Buffer>) {
    count(chunk.length);
    yield chunk;
  }
}

/** What a reader gets of a damaged object is cut short, and the exit code says so. */
async function print(chunks: AsyncGenerator<Buffer>, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { signal, end: false });
  } catch (error) {
    if (isReaderGone(error)) process.exit(EXIT.readerGone);
    throw signal.aborted ? error : failed('cannot write to standard output', error);
  }
}

async function save(
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
