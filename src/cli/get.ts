import type { Command } from 'commander';
import { parseDigest } from '../digest.ts';
import { type CommandContext, runCommand } from './command.ts';
import { addOutputFile, type ContentFlags, giveOut, outputFileOf } from './content.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, storeOf } from './options.ts';

/** `ingot get DIGEST [-o FILE]` */
export function addGet(program: Command): void {
  const command = program
    .command('get')
    .description('write the verified content of an object to stdout or a file')
    .argument('<digest>', 'the SHA-256 of the content, 64 characters');
  addCommonOptions(addOutputFile(command)).action((digest: string, flags: ContentFlags) =>
    runCommand(flags, 'stop', (context) => runGet(digest, flags, context)),
  );
}

async function runGet(
  text: string,
  flags: ContentFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const digest = parseDigest(text);
  const path = storeOf(flags);
  const file = outputFileOf(flags, context.output);
  const { Store } = await import('../store/store.ts');
  const store = await Store.open(path);
  await giveOut({ stream: await store.get(digest), digest, store: store.root }, file, context);
  return EXIT.done;
}
