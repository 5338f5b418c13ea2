import type { Command } from 'commander';
import { printable } from '../errors.ts';
import type { Catalog } from '../snapshot/catalog.ts';
import type { Reference } from '../snapshot/reference.ts';
import { bytes, count } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { timeText } from './entry-text.ts';
import type { ExitCode } from './fail.ts';
import { DamageReport } from './list.ts';
import { addCommonOptions, type CommonFlags, storeOf } from './options.ts';
import { tableText } from './table.ts';

interface SnapshotsFlags extends CommonFlags {
  readonly forgotten?: boolean;
}

/** `ingot snapshots` */
export function addSnapshots(program: Command): void {
  const command = program
    .command('snapshots')
    .description('list the snapshots in the store, the oldest first');
  command.option('--forgotten', "list those that 'ingot unforget' can bring back instead");
  addCommonOptions(command).action((flags: SnapshotsFlags) =>
    runCommand(flags, 'stop', (context) => runSnapshots(flags, context)),
  );
}

async function runSnapshots(flags: SnapshotsFlags, { output }: CommandContext): Promise<ExitCode> {
  const store = storeOf(flags);
  output.doing('reading the snapshots');
  const { snapshots, damaged } = await catalogOf(store, flags.forgotten ?? false);
  const report = new DamageReport(output);
  for (const each of damaged) report.add(each);
  for (const each of snapshots) output.event({ event: 'snapshot', ...snapshotJson(each) });
  if (snapshots.length === 0 && damaged.length === 0)
    output.notice(flags.forgotten ? 'no snapshot is forgotten' : NOTHING_RECORDED);
  output.result(
    output.mode === 'events'
      ? { snapshots: snapshots.length, damaged: damaged.length }
      : { snapshots: snapshots.map(snapshotJson), damaged },
    flags.quiet ? snapshots.map(({ id }) => `${id}\n`).join('') : snapshotTable(snapshots),
  );
  return report.exitCode;
}

export const NOTHING_RECORDED = "nothing was recorded: 'ingot ingest SOURCE' records a snapshot";

async function catalogOf(store: string, forgotten: boolean): Promise<Catalog> {
  if (!forgotten) return (await import('../snapshot/snapshot.ts')).snapshots(store);
  return (await import('../snapshot/forget/forget.ts')).forgottenSnapshots(store);
}

const COLUMNS = ['ID', 'TIME', 'LABEL', 'HOST', '>ENTRIES', '>SIZE', '>ADDED', 'SOURCES'];

export function snapshotTable(snapshots: readonly Reference[]): string {
  if (snapshots.length === 0) return '';
  return tableText(COLUMNS, snapshots.map(rowOf), process.stdout.columns || undefined);
}

function rowOf({ id, time, label = '', host, root, added, ...rest }: Reference): string[] {
  const sources = rest.sources.map(({ given }) => printable(given)).join(', ');
  return [
    ...[id, timeText(time), printable(label), printable(host)],
    ...[count(root.entries), bytes(root.size), bytes(added)],
    `${lacking(rest)}${sources}`,
  ];
}

/** Before the sources: the end of a line may not be seen. */
function lacking({ complete, lacks }: Pick<Reference, 'complete' | 'lacks'>): string {
  if (complete) return '';
  return `(incomplete: ${lacks.map(([why, times]) => `${why} ${count(times)}`).join(', ')}) `;
}

/** A snapshot for machines. */
export function snapshotJson(reference: Reference): object {
  const { time, users, groups, lacks, ...rest } = reference;
  return {
    ...rest,
    time: new Date(time).toISOString(),
    lacks: lacks.map(([why, times]) => ({ why, count: times })),
    users: users.map(([id, name]) => ({ id, name })),
    groups: groups.map(([id, name]) => ({ id, name })),
  };
}
