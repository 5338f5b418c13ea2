import type { Command } from 'commander';
import { counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import { snapshotJson, snapshotTable } from './snapshots.ts';

/** `ingot unforget` */
export function addUnforget(program: Command): void {
  const command = program
    .command('unforget')
    .description("bring forgotten snapshots back, until 'ingot gc' has run")
    .argument('<snapshots...>', "names of forgotten snapshots ('ingot snapshots --forgotten')");
  addCommonOptions(command).action((names: string[], flags: CommonFlags) =>
    runCommand(flags, 'go on', (context) => runUnforget(names, flags, context)),
  );
}

async function runUnforget(
  names: readonly string[],
  flags: CommonFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  const { unforget } = await import('../snapshot/forget/forget.ts');
  output.doing('looking for what they need');
  const snapshots = await unforget(store, names, { signal });
  const done = `${counted(snapshots.length, 'snapshot')} brought back\n`;
  output.result(
    { snapshots: snapshots.map(snapshotJson) },
    flags.quiet ? '' : `${snapshotTable(snapshots)}${done}`,
  );
  return EXIT.done;
}
