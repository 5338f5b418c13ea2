import type { Command } from 'commander';
import { engineAt } from '../store/engines.ts';
import { type CommandContext, runCommand } from './command.ts';
import type { ExitCode } from './fail.ts';
import { storeOf } from './options.ts';
import { planOf, planText } from './plan-report.ts';
import { addSourceOptions, checkSources, type SourceFlags } from './source-options.ts';
import { exitCodeFor, takeSources } from './take-sources.ts';

/** `ingot plan SOURCE...` */
export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('show what an ingest would add, whether it fits, and how long it takes at least')
    .argument('[source...]', 'directories and files');
  addSourceOptions(command).action((sources: string[], flags: SourceFlags) =>
    runCommand(flags, 'stop', (context) => runPlan(sources, flags, context)),
  );
}

async function runPlan(
  sources: readonly string[],
  flags: SourceFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { folder } = engineAt(storeOf(flags));
  checkSources(sources, flags, 'plan');
  const report = await takeSources(sources, { ...flags, dryRun: true }, context);
  const plan = planOf(report, folder);
  context.output.result(plan, flags.quiet ? '' : planText(plan, report));
  return exitCodeFor(report);
}
