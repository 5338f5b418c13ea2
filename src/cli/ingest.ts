import { type Command, Option } from 'commander';
import { printable } from '../errors.ts';
import { IngestError, type IngestReport } from '../ingest/api.ts';
import type { RemovalAnswer } from '../ingest/removal.ts';
import {
  BARRIERS,
  type BarrierChoice,
  DURABILITIES,
  type Durability,
  LAYOUTS,
  type Layout,
  type Sharing,
} from '../store/choices.ts';
import { bytes, counted } from '../units.ts';
import { askYesNo, canAsk } from './ask.ts';
import { type CommandContext, runCommand, warnOfNewStore } from './command.ts';
import type { ExitCode } from './fail.ts';
import { outputFile, sharedOption, storeOf } from './options.ts';
import type { Output } from './output.ts';
import { ingestSummary } from './report.ts';
import { addSourceOptions, checkSources, type SourceFlags, wrongUsage } from './source-options.ts';
import { exitCodeFor, takeSources } from './take-sources.ts';

interface IngestFlags extends SourceFlags {
  readonly durability: Durability;
  readonly barrier: BarrierChoice;
  readonly layout?: Layout;
  readonly shared?: Sharing;
  readonly manifest?: string;
  readonly journal?: string;
  readonly dryRun?: boolean;
  readonly removeSource?: boolean;
  readonly yes?: boolean;
}

/** `ingot ingest SOURCE...` */
export function addIngest(program: Command): void {
  const command = program
    .command('ingest')
    .description('take directory trees and files into the store, creating it if it is missing')
    .argument('[source...]', 'directories and files')
    .addOption(
      new Option('--durability <mode>', 'one barrier for many objects, one flush each, or none')
        .choices(DURABILITIES)
        .default('group'),
    )
    .addOption(
      new Option('--barrier <how>', 'how a group is made durable; auto: syncfs where it is safe')
        .choices(BARRIERS)
        .default('auto'),
    )
    .addOption(new Option('--layout <layout>', 'of a new store (default: flat)').choices(LAYOUTS))
    .addOption(sharedOption())
    .option(
      '--manifest <file>',
      'write digests and paths there, as sha256sum does (-: stdout)',
      outputFile,
    )
    .option('--journal <file>', 'add there what becomes of each entry, in JSON lines', outputFile)
    .option('-n, --dry-run', 'look and hash, but store nothing')
    .option('--remove-source', 'then remove from the sources what the snapshot has')
    .option('-y, --yes', 'remove it without a question');
  addSourceOptions(command).action((sources: string[], flags: IngestFlags) =>
    runCommand(flags, 'go on', (context) => runIngest(sources, flags, context)),
  );
}

async function runIngest(
  sources: readonly string[],
  flags: IngestFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { output } = context;
  const store = storeOf(flags);
  checkSources(sources, flags, 'ingest');
  checkOutputs(flags, output);
  checkRemoval(flags);
  if (!flags.dryRun && flags.shared === undefined) await warnOfNewStore(store, output);
  try {
    const { removeSource, yes, ...others } = flags;
    const answer = removeSource ? yes || asking(context) : false;
    const report = await takeSources(sources, { ...others, removeSource: answer }, context);
    showReport(report, flags, output);
    const refused = report.removed?.refused;
    if (refused !== undefined) output.say(`nothing is removed of the sources: ${refused}`);
    return exitCodeFor(report);
  } catch (error) {
    // Machines get the report in the error's document.
    if (error instanceof IngestError && output.mode === 'human')
      showReport(error.report, flags, output);
    throw error;
  }
}

function checkOutputs({ manifest, dryRun }: IngestFlags, output: Output): void {
  if (manifest === '-' && output.mode !== 'human')
    throw wrongUsage(
      '--manifest - and --json both write to stdout',
      'name a file for the manifest',
    );
  if (manifest !== undefined && dryRun)
    throw wrongUsage(
      'a manifest lists what is stored, and --dry-run stores nothing',
      'drop one of them',
    );
}

/** Before anything is done. */
function checkRemoval({ removeSource, yes }: IngestFlags): void {
  if (yes && !removeSource)
    throw wrongUsage('--yes answers the question of --remove-source', 'add --remove-source');
  if (removeSource && !yes && !canAsk())
    throw wrongUsage(
      '--remove-source asks before it removes, and there is no terminal',
      'add --yes',
    );
}

function asking({ output, signal }: CommandContext): RemovalAnswer {
  return ({ snapshot: { id, entries, size }, sources }) => {
    const named = sources.slice(0, MAX_NAMED).map(printable).join(', ');
    const more = sources.length > MAX_NAMED ? ` and ${sources.length - MAX_NAMED} more` : '';
    const what = `${counted(entries, 'entry', 'entries')} (${bytes(size)})`;
    return askYesNo(
      `snapshot ${id} has all ${what}; remove them from ${named}${more}?`,
      output,
      signal,
    );
  };
}

/** Sources in a question. */
const MAX_NAMED = 5;

/** The summary gives way to a manifest on stdout. */
function showReport(report: IngestReport, flags: IngestFlags, output: Output): void {
  const summary = flags.quiet ? '' : ingestSummary(report);
  const toStderr = flags.manifest === '-';
  output.result(report, toStderr ? '' : summary);
  if (toStderr && summary !== '') output.line(summary.trimEnd());
}
