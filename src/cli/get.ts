import type { Command } from 'commander';
import { parseDigest } from '../digest.ts';
import { bytes } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { counting, print, requireOneOutput, save } from './content.ts';
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
  requireOneOutput(file, output);
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
