import { type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../errors.ts';
import type { Fate, ForgetReport } from '../snapshot/forget/forget.ts';
import type { GroupKey, Policy } from '../snapshot/forget/policy.ts';
import { counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { timeText } from './entry-text.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { freeRoom } from './gc.ts';
import { DamageReport } from './list.ts';
import { addCommonOptions, type CommonFlags, collect, once, storeOf } from './options.ts';
import { NOTHING_RECORDED } from './snapshots.ts';
import { tableText } from './table.ts';

interface ForgetFlags extends CommonFlags, Policy {
  readonly dryRun?: boolean;
  readonly gc?: boolean;
}

const COUNTS = [
  ['last', 'keep the newest snapshots'],
  ['hourly', 'keep the newest snapshot of each of so many hours'],
  ['daily', 'the same of days'],
  ['weekly', 'of weeks'],
  ['monthly', 'of months'],
  ['yearly', 'of years'],
] as const;

/** `ingot forget` */
export function addForget(program: Command): void {
  const command = program
    .command('forget')
    .description('let go of snapshots, by name or by what to keep')
    .argument('[snapshots...]', 'names of snapshots');
  for (const [rule, what] of COUNTS)
    command.addOption(new Option(`--keep-${rule} <n>`, what).argParser(parseCount));
  command
    .addOption(
      new Option(
        '--keep-within <span>',
        'keep those made in this time before the newest: 30d, 12h, 1y6m',
      ).argParser((text, before?: string) => once(text, before)),
    )
    .option('--keep-label <label>', 'keep those of a label; may be repeated', collect)
    .addOption(
      new Option(
        '--group-by <keys>',
        'what the snapshots of a group have in common (default: label,host,sources)',
      ).argParser(parseKeys),
    )
    .option('-n, --dry-run', 'show what would become of them')
    .option('--gc', "then free what only they needed, as 'ingot gc' does");
  addCommonOptions(command).action((names: string[], flags: ForgetFlags) =>
    runCommand(flags, 'go on', (context) => runForget(names, flags, context)),
  );
}

function parseCount(text: string, before?: number): number {
  const number = /^\d{1,9}$/.test(once(text, before)) ? Number(text) : 0;
  if (number >= 1) return number;
  throw new InvalidArgumentError('It is not a whole number of at least 1.');
}

const GROUP_KEYS: readonly GroupKey[] = ['label', 'host', 'sources'];

function parseKeys(text: string, before?: readonly GroupKey[]): readonly GroupKey[] {
  once(text, before?.join());
  const keys = text.split(',').filter((key) => key !== '') as GroupKey[];
  if (keys.every((key) => GROUP_KEYS.includes(key))) return keys;
  throw new InvalidArgumentError(`Its parts are ${GROUP_KEYS.join(', ')}, with commas between.`);
}

async function runForget(
  names: readonly string[],
  flags: ForgetFlags,
  context: CommandContext,
): Promise<ExitCode> {
  const { output, signal } = context;
  const store = storeOf(flags);
  const { forget } = await import('../snapshot/forget/forget.ts');
  output.doing('reading the snapshots');
  const report = await forget(store, {
    ...policyOf(flags),
    ...{ snapshots: names.length > 0 ? names : undefined, dryRun: flags.dryRun, signal },
  });
  const damage = new DamageReport(output);
  // Without a policy nobody asked for the others.
  if (names.length === 0) for (const each of report.damaged) damage.add(each);
  const fates = report.snapshots.map(fateJson);
  for (const each of fates) output.event({ event: 'snapshot', ...each });
  if (names.length === 0 && fates.length === 0 && damage.found.length === 0)
    output.notice(NOTHING_RECORDED);
  const rest = { dryRun: report.dryRun, ...countsOf(report) };
  const freed = flags.gc && !report.dryRun ? await freeRoom(flags, context) : undefined;
  const text = fates.length === 0 ? '' : `${table(report)}${summary(report, flags.gc)}`;
  output.result(
    output.mode === 'events'
      ? { ...rest, gc: freed?.report }
      : { ...rest, gc: freed?.report, snapshots: fates, damaged: damage.found },
    flags.quiet ? '' : `${text}${freed?.text ?? ''}`,
  );
  return damage.exitCode || (freed?.exitCode ?? EXIT.done);
}

function policyOf(flags: ForgetFlags): Policy {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = flags;
  const { keepWithin, keepLabel, groupBy } = flags;
  const counts = { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly };
  return { ...counts, keepWithin, keepLabel, groupBy };
}

function countsOf({ snapshots }: ForgetReport): { kept: number; forgotten: number } {
  const kept = snapshots.filter(({ outcome }) => outcome === 'kept').length;
  return { kept, forgotten: snapshots.length - kept };
}

const COLUMNS = ['ID', 'TIME', 'LABEL', 'HOST', 'OUTCOME', 'WHY'];

function table({ snapshots, dryRun }: ForgetReport): string {
  const rows = snapshots.map(({ id, snapshot, outcome, why }) => [
    ...[id, snapshot === undefined ? '' : timeText(snapshot.time)],
    ...[printable(snapshot?.label ?? ''), printable(snapshot?.host ?? '')],
    dryRun && outcome === 'forgotten' ? 'would be forgotten' : outcome,
    why.map(printable).join(', '),
  ]);
  return tableText(COLUMNS, rows, process.stdout.columns || undefined);
}

function summary(report: ForgetReport, isFreed = false): string {
  const { kept, forgotten } = countsOf(report);
  if (report.dryRun) return `${counted(forgotten, 'snapshot')} would be forgotten, ${kept} kept\n`;
  const next =
    forgotten > 0 && !isFreed ? "; 'ingot unforget' brings them back until 'ingot gc' has run" : '';
  return `${counted(forgotten, 'snapshot')} forgotten, ${kept} kept${next}\n`;
}

/** For machines: of a snapshot no more than tells which it is. */
function fateJson({ id, snapshot, outcome, why }: Fate): object {
  if (snapshot === undefined) return { id, outcome, why };
  const { time, label, host, sources, complete } = snapshot;
  return { id, time: new Date(time).toISOString(), label, host, sources, complete, outcome, why };
}
