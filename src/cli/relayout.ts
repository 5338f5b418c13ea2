import { type Command, Option } from 'commander';
import { LAYOUTS, type Layout } from '../store/choices.ts';
import type { RelayoutProgress, RelayoutReport } from '../store/seam/upkeep.ts';
import { counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import type { ShownProgress } from './progress-line.ts';

interface RelayoutFlags extends CommonFlags {
  readonly to: Layout;
  readonly progress: boolean;
}

/** `ingot relayout --to LAYOUT` */
export function addRelayout(program: Command): void {
  const command = program
    .command('relayout')
    .description('move the objects to another layout; the store stays usable meanwhile')
    .addOption(
      new Option('--to <layout>', 'the layout to have').choices(LAYOUTS).makeOptionMandatory(),
    )
    .option('--no-progress', 'show no progress');
  addCommonOptions(command).action((flags: RelayoutFlags) =>
    runCommand(flags, 'go on', (context) => runRelayout(flags, context)),
  );
}

async function runRelayout(
  flags: RelayoutFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  const { relayout } = await import('../store/relayout.ts');
  await output.showProgress(flags.progress, 'objects');
  output.doing('counting the objects');
  const report = await relayout(store, flags.to, {
    signal,
    onProgress: (progress) => output.progress(asProgress(progress)),
    onWaiting: (writers) => {
      if (writers > 0)
        output.notice(`waiting until ${counted(writers, 'writer')} of the old layout ended`);
    },
  });
  output.result(report, flags.quiet ? '' : summary(report));
  return EXIT.done;
}

function asProgress({ found, counting, ...rest }: RelayoutProgress): ShownProgress {
  return { entriesFound: found, entriesDone: rest.moved, walking: counting, ...rest };
}

function summary({ layout, moved, merged }: RelayoutReport): string {
  const both = merged > 0 ? `; ${counted(merged, 'object')} lay in both layouts` : '';
  return `layout ${layout}: ${counted(moved, 'object')} moved${both}\n`;
}
