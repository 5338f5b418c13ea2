import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { type Failure, IngotError, printable, UsageError } from '../errors.ts';
import { IngestError, type IngestOptions, type IngestReport } from '../ingest/api.ts';
import type { EntryReport } from '../ingest/outcome.ts';
import {
  BARRIERS,
  type BarrierChoice,
  DURABILITIES,
  type Durability,
  LAYOUTS,
  type Layout,
  type Sharing,
} from '../store/choices.ts';
import { type CommandContext, runCommand, warnOfNewStore } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import {
  addCommonOptions,
  type CommonFlags,
  collect,
  once,
  outputFile,
  sharedOption,
  storeOf,
  threadsOption,
} from './options.ts';
import type { Output } from './output.ts';
import { Problems } from './problems.ts';
import { ingestSummary } from './report.ts';

interface IngestFlags extends CommonFlags {
  readonly durability: Durability;
  readonly barrier: BarrierChoice;
  readonly layout?: Layout;
  readonly shared?: Sharing;
  readonly threads?: number;
  readonly exclude?: readonly string[];
  readonly excludeFrom?: readonly string[];
  readonly filesFrom?: string;
  readonly null?: boolean;
  readonly oneFileSystem?: boolean;
  readonly manifest?: string;
  readonly label?: string;
  readonly as?: readonly string[];
  readonly host?: string;
  readonly xattrs: boolean;
  readonly snapshot: boolean;
  readonly dryRun?: boolean;
  readonly verifyHits?: boolean;
  readonly progress: boolean;
  readonly verbose?: boolean;
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
    .addOption(threadsOption())
    .option('--exclude <glob>', 'leave out what matches, as in .gitignore (repeatable)', collect)
    .option('--exclude-from <file>', 'a file of such patterns (repeatable)', collect)
    .option('--files-from <file>', 'more sources, one a line (-: standard input)', once)
    .option('-0, --null', 'sources in --files-from are separated by NUL bytes')
    .option('-x, --one-file-system', 'stay on the file system of each source')
    .option(
      '--manifest <file>',
      'write digests and paths there, as sha256sum does (-: stdout)',
      outputFile,
    )
    .option('--label <label>', 'what the snapshot is called', once)
    .option('--as <name>', 'name of a source in the snapshot, one for each (repeatable)', collect)
    .option('--host <name>', 'the machine that the snapshot names (default: this one)', once)
    .option('--no-xattrs', 'record no extended attributes')
    .option('--no-snapshot', 'record no snapshot')
    .option('-n, --dry-run', 'look and hash, but store nothing')
    .option('--verify-hits', 'hash the object of every duplicate instead of comparing its size')
    .option('--no-progress', 'show no progress')
    .option('-v, --verbose', 'name each entry and its outcome');
  addCommonOptions(command).action((sources: string[], flags: IngestFlags) =>
    runCommand(flags, 'go on', (context) => runIngest(sources, flags, context)),
  );
}

async function runIngest(
  sources: readonly string[],
  flags: IngestFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  checkFlags(sources, flags, output);
  if (!flags.dryRun && flags.shared === undefined) await warnOfNewStore(store, output);
  await output.showProgress(flags.progress, 'entries');
  output.doing('opening the store');
  const { ingest } = await import('../ingest/ingest.ts');
  const problems = new Problems((line) => output.say(line));
  const inTheEnd = output.mode === 'human' && !flags.verbose;
  try {
    const report = await ingest(store, sources, {
      ...ingestOptions(flags),
      signal,
      countAhead: output.showsProgress,
      onProgress: (progress) => output.progress(progress),
      onEntry: (entry) =>
        inTheEnd && isProblem(entry)
          ? problems.add(entry, entry.failure)
          : showEntry(entry, flags, output),
      onNotice: (text) => output.notice(text),
    });
    problems.print(report.lostSources);
    showReport(report, flags, output);
    return isComplete(report) ? EXIT.done : EXIT.incomplete;
  } catch (error) {
    problems.print([]);
    // Machines get the report in the error's document.
    if (error instanceof IngestError && output.mode === 'human')
      showReport(error.report, flags, output);
    throw error;
  }
}

/** What was to be stored and recorded is. */
function isComplete({ outcomes, lostSources, snapshot }: IngestReport): boolean {
  const missing = outcomes.unreadable + outcomes.changed + lostSources.length;
  return missing === 0 && (snapshot?.complete ?? true);
}

function ingestOptions(flags: IngestFlags): IngestOptions {
  const { null: nul, verbose, progress, store, json, jsonEvents, quiet, debug, ...options } = flags;
  return { ...options, nul: nul ?? false, report: verbose ? 'all' : 'problems' };
}

function checkFlags(sources: readonly string[], flags: IngestFlags, output: Output): void {
  const wrong = (why: string, hint: string) =>
    new UsageError({ what: 'wrong usage', code: 'INGOT_USAGE', why, hint });
  if (sources.length === 0 && flags.filesFrom === undefined)
    throw wrong('no source given', 'name a directory or a file, or use --files-from');
  if (sources.includes('-') && !fs.existsSync('-'))
    throw wrong(
      "'ingot ingest' reads no content from standard input",
      "use 'ingot put -' to store it as one object, or --files-from - for a list of sources",
    );
  if (flags.null && flags.filesFrom === undefined)
    throw wrong('--null says how --files-from is separated', 'add --files-from FILE');
  if (flags.manifest === '-' && output.mode !== 'human')
    throw wrong('--manifest - and --json both write to stdout', 'name a file for the manifest');
  if (flags.manifest !== undefined && flags.dryRun)
    throw wrong(
      'a manifest lists what is stored, and --dry-run stores nothing',
      'drop one of them',
    );
}

/** True for an entry that was met and could not be stored. */
function isProblem(entry: EntryReport): entry is EntryReport & { readonly failure: Failure } {
  return entry.failure !== undefined && entry.outcome !== 'unfinished';
}

/** Problems are shown as they occur; all else only when it was asked for. */
function showEntry(entry: EntryReport, flags: IngestFlags, output: Output): void {
  const { outcome, path, kind } = entry;
  output.event({ event: 'entry', ...entry });
  if (isProblem(entry)) {
    output.say(`${outcome}: ${new IngotError(entry.failure).message}`);
  } else if (flags.verbose) {
    const line = `${outcome.padEnd(11)} ${printable(path)}${kind === undefined ? '' : ` (${kind})`}`;
    if (flags.manifest === '-') output.line(line);
    else output.print(`${line}\n`);
  }
}

/** The summary gives way to a manifest on stdout. */
function showReport(report: IngestReport, flags: IngestFlags, output: Output): void {
  const summary = flags.quiet ? '' : ingestSummary(report);
  const toStderr = flags.manifest === '-';
  output.result(report, toStderr ? '' : summary);
  if (toStderr && summary !== '') output.line(summary.trimEnd());
}
