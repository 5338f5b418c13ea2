import type { Command } from 'commander';
import { parseDigest } from '../digest.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';

/** `ingot unpin DIGEST` */
export function addUnpin(program: Command): void {
  const command = program
    .command('unpin')
    .description("keep an object no longer that 'ingot put' has stored")
    .argument('<digest>', 'the digest that it printed');
  addCommonOptions(command).action((digest: string, flags: CommonFlags) =>
    runCommand(flags, 'go on', (context) => runUnpin(digest, flags, context)),
  );
}

async function runUnpin(
  given: string,
  flags: CommonFlags,
  { output }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  const digest = parseDigest(given);
  const { unpin } = await import('../store/unpin.ts');
  await unpin(store, digest);
  output.result({ digest }, flags.quiet ? '' : `unpinned ${digest}\n`);
  return EXIT.done;
}
