/** What `ingest` and `plan` do: the library's ingest, and a line for each problem. */
import { type Failure, IngotError, printable } from '../errors.ts';
import type { IngestOptions, IngestReport } from '../ingest/api.ts';
import type { EntryReport } from '../ingest/outcome.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { storeOf } from './options.ts';
import type { Output } from './output.ts';
import { Problems } from './problems.ts';
import type { SourceFlags } from './source-options.ts';

/** With what a command has besides. */
export type TakeFlags = SourceFlags &
  Pick<
    IngestOptions,
    | 'durability'
    | 'barrier'
    | 'layout'
    | 'shared'
    | 'manifest'
    | 'journal'
    | 'dryRun'
    | 'removeSource'
  >;

/** Rejects as the library's `ingest` does. */
export async function takeSources(
  sources: readonly string[],
  flags: TakeFlags,
  { output, signal }: CommandContext,
): Promise<IngestReport> {
  await output.showProgress(flags.progress, 'entries');
  output.doing('opening the store');
  const { ingest } = await import('../ingest/ingest.ts');
  const problems = new Problems((line) => output.say(line));
  const inTheEnd = output.mode === 'human' && !flags.verbose;
  // A manifest on stdout is all that is printed there.
  const toStderr = flags.manifest === '-';
  let lostSources: readonly Failure[] = [];
  try {
    const report = await ingest(storeOf(flags), sources, {
      ...optionsOf(flags),
      signal,
      countAhead: output.showsProgress,
      onProgress: (progress) => output.progress(progress),
      onEntry: (entry) =>
        inTheEnd && isProblem(entry)
          ? problems.add(entry, entry.failure)
          : showEntry(entry, { isVerbose: flags.verbose ?? false, toStderr }, output),
      onStayed: (entry) => {
        output.event({ event: 'stayed', ...entry });
        if (inTheEnd) problems.add({ path: entry.path, outcome: STAYS }, entry.failure);
        else output.say(`${STAYS}: ${new IngotError(entry.failure).message}`);
      },
      onRemoving: (progress) => {
        output.event({ event: 'removing', ...progress });
        output.show({ ...progress, walking: false, unit: 'entries removed' });
      },
      onNotice: (text) => output.notice(text),
    });
    lostSources = report.lostSources;
    return report;
  } finally {
    problems.print(lostSources);
  }
}

/** What an entry of a source does that was to be removed. */
const STAYS = 'stays';

/** What was to be stored and recorded is, or would be, and what was to be removed has gone. */
export function exitCodeFor(report: IngestReport): ExitCode {
  const { outcomes, lostSources, snapshot, removed } = report;
  const missing = outcomes.unreadable + outcomes.changed + lostSources.length;
  const stays =
    removed !== undefined && (removed.stayed.length > 0 || removed.refused !== undefined);
  return missing === 0 && !stays && (snapshot?.complete ?? true) ? EXIT.done : EXIT.incomplete;
}

function optionsOf(flags: TakeFlags): IngestOptions {
  const { null: nul, verbose, progress, store, json, jsonEvents, quiet, debug, ...options } = flags;
  return { ...options, nul: nul ?? false, report: verbose ? 'all' : 'problems' };
}

/** True for an entry that was met and could not be stored. */
function isProblem(entry: EntryReport): entry is EntryReport & { readonly failure: Failure } {
  return entry.failure !== undefined && entry.outcome !== 'unfinished';
}

interface HowToShow {
  readonly isVerbose: boolean;
  readonly toStderr: boolean;
}

/** Problems are shown as they occur; all else only when it was asked for. */
function showEntry(entry: EntryReport, { isVerbose, toStderr }: HowToShow, output: Output): void {
  const { outcome, path, kind } = entry;
  output.event({ event: 'entry', ...entry });
  if (isProblem(entry)) {
    output.say(`${outcome}: ${new IngotError(entry.failure).message}`);
  } else if (isVerbose) {
    const line = `${outcome.padEnd(11)} ${printable(path)}${kind === undefined ? '' : ` (${kind})`}`;
    if (toStderr) output.line(line);
    else output.print(`${line}\n`);
  }
}
