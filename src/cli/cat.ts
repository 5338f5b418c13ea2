import type { Command } from 'commander';
import { storePath } from '../store/store-path.ts';
import { type CommandContext, runCommand } from './command.ts';
import { addOutputFile, type ContentFlags, giveOut, outputFileOf } from './content.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, storeOf } from './options.ts';

/** `ingot cat SNAPSHOT:PATH [-o FILE]` */
export function addCat(program: Command): void {
  const command = program
    .command('cat')
    .description('write the verified content of a file in a snapshot to stdout or a file')
    .argument('<snapshot>', 'SNAPSHOT:PATH, the path of a file in a snapshot');
  addCommonOptions(addOutputFile(command)).action((name: string, flags: ContentFlags) =>
    runCommand(flags, 'stop', (context) => runCat(name, flags, context)),
  );
}

async function runCat(
  name: string,
  flags: ContentFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const path = storeOf(flags);
  const file = outputFileOf(flags, context.output);
  const { openSnapshot } = await import('../snapshot/snapshot.ts');
  const snapshot = await openSnapshot(path, name, {
    onNotice: (text) => context.output.notice(text),
  });
  const { digest } = snapshot.file;
  await giveOut({ stream: await snapshot.read(), digest, store: storePath(path) }, file, context);
  return EXIT.done;
}
