import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { parseDigest } from '../digest.ts';
import { errnoOf, failed, UsageError } from '../errors.ts';
import { nodeFileOps, writeFullyLater } from '../files/file-ops.ts';
import { checkOutput } from '../files/output-place.ts';
import { replaceFile } from '../files/replace-file.ts';
import { loadLibc } from '../native/libc.ts';
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
  if (file === undefined) await print(content, signal);
  else
    output.result({ digest, size: await save(content, file, store.root, signal), path: file }, '');
  return EXIT.done;
}

/** What a reader gets of a damaged object is cut short, and the exit code says so. */
async function print(content: Readable, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(content, process.stdout, { signal, end: false });
  } catch (error) {
    if (errnoOf(error) === 'EPIPE') process.exit(EXIT.readerGone);
    throw signal.aborted ? error : failed('cannot write to standard output', error);
  }
}

async function save(
  content: Readable,
  file: string,
  store: string,
  signal: AbortSignal,
): Promise<number> {
  let size = 0;
  try {
    checkOutput(file, store, await loadLibc());
    const fill = async (fd: number) => {
      for await (const chunk of content as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        await writeFullyLater(nodeFileOps, fd, chunk);
        size += chunk.length;
      }
    };
    await replaceFile(file, fill, { signal });
  } catch (error) {
    throw failed('cannot write the content', error, { path: file });
  } finally {
    content.destroy();
  }
  return size;
}
