import type { Command } from 'commander';
import { counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { DamageReport } from './list.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import { snapshotStatsJson, statsText } from './stats-report.ts';

/** `ingot stats` */
export function addStats(program: Command): void {
  const command = program
    .command('stats')
    .description('show what is in the store, and what would go with each snapshot');
  addCommonOptions(command).action((flags: CommonFlags) =>
    runCommand(flags, 'stop', (context) => runStats(flags, context)),
  );
}

async function runStats(flags: CommonFlags, { output, signal }: CommandContext): Promise<ExitCode> {
  const store = storeOf(flags);
  const { storeStats } = await import('../snapshot/stats/stats.ts');
  output.doing('reading the snapshots');
  const damage = new DamageReport(output);
  const stats = await storeStats(store, {
    signal,
    onDamagedSnapshot: damage.add,
    onTrees: ({ done, snapshots }) =>
      output.doing(`${done} of ${counted(snapshots, 'snapshot')} read`),
    onProgress: (objects) => output.doing(`${counted(objects, 'object')} counted`),
  });
  const { snapshots, ...rest } = stats;
  const list = snapshots.map(snapshotStatsJson);
  for (const each of list) output.event({ event: 'snapshot', ...each });
  output.result(
    output.mode === 'events' ? rest : { ...rest, snapshots: list, damaged: damage.found },
    statsText(stats),
  );
  return damage.exitCode || (stats.unreadable > 0 ? EXIT.incomplete : EXIT.done);
}
