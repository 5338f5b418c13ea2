import { type Command, Option } from 'commander';
import { IngotError, printable } from '../errors.ts';
import type { ReadAhead } from '../read-ahead/choice.ts';
import {
  OVERWRITES,
  type Overwrite,
  type RestoredEntry,
  type RestoreReport,
} from '../restore/report.ts';
import { byteRate, bytes, count, counted, duration } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import {
  addCommonOptions,
  type CommonFlags,
  collect,
  readAheadOption,
  storeOf,
  threadsOption,
} from './options.ts';
import type { Output } from './output.ts';
import { readAheadTexts } from './read-ahead-text.ts';

interface RestoreFlags extends CommonFlags {
  readonly overwrite?: Overwrite;
  readonly delete?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly dryRun?: boolean;
  readonly owner?: boolean;
  readonly privileged?: boolean;
  readonly fsync?: boolean;
  readonly threads?: number;
  readonly readAhead?: ReadAhead;
  readonly progress: boolean;
  readonly verbose?: boolean;
}

/** `ingot restore SNAP[:PATH] TARGET` */
export function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .description('write the tree of a snapshot, or a part of it, to a directory')
    .argument('<snap>', 'an id, its beginning, a label, latest or LABEL~1, and maybe :PATH')
    .argument('<target>', 'a directory that is missing or empty, unless --overwrite is given')
    .addOption(
      new Option('--overwrite <what>', 'of the files that are there already').choices(OVERWRITES),
    )
    .option('--delete', 'remove what the snapshot does not have; needs --overwrite')
    .option('--include <glob>', 'restore only what matches, as in .gitignore (repeatable)', collect)
    .option('--exclude <glob>', 'leave out what matches, as in .gitignore (repeatable)', collect)
    .option('-n, --dry-run', 'look, but change nothing')
    .option('--owner', 'set owners, by number; only for root')
    .option('--privileged', 'set setuid, setgid and security attributes, too')
    .option('--fsync', 'flush the file system of the target at the end')
    .addOption(threadsOption())
    .addOption(readAheadOption())
    .option('--no-progress', 'show no progress')
    .option('-v, --verbose', 'name each entry that is made, replaced or removed');
  addCommonOptions(command).action((snapshot: string, target: string, flags: RestoreFlags) =>
    runCommand(flags, 'go on', (context) => runRestore({ snapshot, target }, flags, context)),
  );
}

/** A tree may have millions of entries, and a document is held in memory; the count is in it. */
const MAX_IN_DOCUMENT = 10_000;

async function runRestore(
  { snapshot, target }: { readonly snapshot: string; readonly target: string },
  flags: RestoreFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  await output.showProgress(flags.progress, 'entries');
  output.doing('opening the snapshot');
  const { restore } = await import('../restore/restore.ts');
  const { overwrite, include, exclude, dryRun, owner, privileged, fsync } = flags;
  const { threads, readAhead } = flags;
  const failures: RestoredEntry[] = [];
  const report = await restore(store, snapshot, target, {
    ...{ overwrite, include, exclude, dryRun, owner, privileged, fsync, signal },
    ...{ threads, readAhead },
    delete: flags.delete,
    report: flags.verbose ? 'all' : 'problems',
    ...(output.showsProgress && {
      onProgress: (progress) => output.progress(progress),
    }),
    onEntry: (entry) => {
      showEntry(entry, output);
      if (entry.failure !== undefined && failures.length < MAX_IN_DOCUMENT) failures.push(entry);
    },
    onNotice: (text) => output.notice(text),
  });
  output.result({ ...report, failures }, flags.quiet ? '' : summary(report));
  const shortfalls = Object.values(report.shortfalls).reduce((sum, number) => sum + number, 0);
  return report.failed + shortfalls > 0 ? EXIT.incomplete : EXIT.done;
}

/** Failures are named as they occur. */
function showEntry(entry: RestoredEntry, output: Output): void {
  const { path, type, outcome, failure } = entry;
  output.event({ event: 'restored', ...entry });
  if (failure !== undefined) output.say(new IngotError(failure).message);
  else if (outcome !== 'left')
    output.print(`${outcome.padEnd(9)}${(type ?? '').padEnd(10)}${printable(path)}\n`);
}

function summary(report: RestoreReport): string {
  const { directories, files, links, hardLinks, wallMs, failed, excluded, missing } = report;
  const rate = byteRate(wallMs > 0 ? (report.bytes / wallMs) * 1000 : 0);
  const of = (number: number, what: string) => (number > 0 ? [`${what} ${count(number)}`] : []);
  const parts = [
    counted(directories, 'directory', 'directories'),
    counted(files, 'file'),
    counted(links, 'link'),
    counted(hardLinks, 'hard link'),
  ];
  const more = [
    ...of(report.left, 'left alone'),
    ...of(report.replaced, 'replaced'),
    ...of(report.removed, 'removed'),
    ...of(excluded, 'excluded'),
    ...of(missing, 'missing in the snapshot'),
    ...of(failed, 'FAILED'),
  ];
  const lines = [
    `${parts.join(', ')} in ${printable(report.target)}`,
    `  ${bytes(report.bytes)} written and verified in ${duration(wallMs)} (${rate})`,
    ...(more.length > 0 ? [`  ${more.join('  ')}`] : []),
    ...readAheadTexts(report.readAhead, 'file').map((text) => `  ${text}`),
    ...shortfallLines(report),
    ...flushLines(report),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function shortfallLines({ shortfalls, unprivileged }: RestoreReport): string[] {
  const lines = Object.entries(shortfalls)
    .filter(([, number]) => number > 0)
    .map(([what, number]) => `  the ${what} of ${counted(number, 'entry', 'entries')} NOT SET`);
  if (unprivileged > 0)
    lines.push(
      `  without --privileged ${counted(unprivileged, 'entry has', 'entries have')} no setuid, setgid or security attribute`,
    );
  return lines;
}

function flushLines({ dryRun, flushed }: RestoreReport): string[] {
  if (dryRun) return ['DRY RUN: nothing was changed'];
  return flushed
    ? ['  flushed']
    : ['  not flushed: a power cut may lose it; --fsync waits for the disk'];
}
