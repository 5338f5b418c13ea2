import { type Command, InvalidArgumentError, Option } from 'commander';
import { codeOf } from '../errors.ts';
import type { ReadAhead } from '../read-ahead/choice.ts';
import type { TreesProgress, VerifyReport } from '../snapshot/verify/api.ts';
import type { VerifyProgress } from '../store/verify/verify-progress.ts';
import { counted } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import {
  addCommonOptions,
  type CommonFlags,
  once,
  readAheadOption,
  storeOf,
  threadsOption,
} from './options.ts';
import type { ShownProgress } from './progress-line.ts';
import { Findings, summary } from './verify-report.ts';

interface VerifyFlags extends CommonFlags {
  readonly snapshot?: string;
  readonly sample?: number;
  readonly quarantine?: boolean;
  readonly repairFrom?: string;
  readonly threads?: number;
  readonly readAhead?: ReadAhead;
  readonly progress: boolean;
}

/** `ingot verify` */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('hash the objects again, check the snapshots, and name all that is damaged')
    .addOption(
      new Option(
        '--snapshot <snapshot>',
        'check this snapshot alone, and the objects that it needs',
      ).argParser((text, before?: string) => once(text, before)),
    )
    .addOption(
      new Option(
        '--sample <share>',
        'check a random share of them, such as 5% (default: all)',
      ).argParser((text, before?: number) => parseShare(once(text, before))),
    )
    .option('--quarantine', 'move damaged objects aside, so that an ingest stores them again')
    .addOption(
      new Option(
        '--repair-from <dir>',
        'take whole copies of what snapshots need from another store',
      ).argParser((text, before?: string) => once(text, before)),
    )
    .addOption(threadsOption())
    .addOption(readAheadOption())
    .option('--no-progress', 'show no progress');
  addCommonOptions(command).action((flags: VerifyFlags) =>
    runCommand(flags, 'stop', (context) => runVerify(flags, context)),
  );
}

/** `5%` or `0.5%` as a share of 1. */
export function parseShare(text: string): number {
  const share = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : 0;
  if (share > 0 && share <= 1) return share;
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 100) throw new InvalidArgumentError(`Write ${text}%.`);
  throw new InvalidArgumentError('It is not a share above 0% up to 100%, such as 5% or 0.5%.');
}

async function runVerify(
  flags: VerifyFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  await output.showProgress(flags.progress, 'objects');
  output.doing('listing the objects');
  const { verify } = await import('../snapshot/verify/verify.ts');
  const { snapshot, sample, quarantine, repairFrom, threads, readAhead } = flags;
  const begun = performance.now();
  const findings = new Findings(output);
  let report: VerifyReport;
  try {
    report = await verify(store, {
      ...{ snapshot, sample, quarantine, repairFrom, threads, readAhead, signal },
      countAhead: output.showsProgress,
      onTrees: (progress) => output.doing(asText(progress)),
      onProgress: (progress) => output.progress(asProgress(progress)),
      onDamaged: (object, quarantined, unmoved) =>
        findings.damaged({ ...object, quarantined, unmoved }),
      onUnreadable: (object) => findings.unreadable(object),
      onDamagedSnapshot: (damaged) => findings.damagedSnapshot(damaged),
      onForgotten: (id) => output.notice(`snapshot ${id} was forgotten while it was verified`),
      onRepaired: (digest, space) => findings.repaired(digest, space),
      onLost: (object) => findings.lost(object, repairFrom),
    });
  } catch (error) {
    // The reference of the one snapshot that was asked for.
    if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
    output.fail(error);
    return EXIT.damaged;
  }
  const wallMs = performance.now() - begun;
  output.result(
    { ...report, ...findings.inDocument(), wallMs },
    flags.quiet ? '' : summary(report, wallMs),
  );
  if (report.unrepaired + report.damagedSnapshots > 0) return EXIT.damaged;
  return report.unreadable > 0 ? EXIT.incomplete : EXIT.done;
}

function asText({ snapshots, done, entries }: TreesProgress): string {
  return `${counted(entries, 'entry', 'entries')} of snapshots read; ${done} of ${counted(snapshots, 'snapshot')} done`;
}

function asProgress(progress: VerifyProgress): ShownProgress {
  const { found, listing, checked, unreadable, gone, bytes, damaged: _, ...estimate } = progress;
  const entriesDone = checked + unreadable + gone;
  return { entriesFound: found, entriesDone, bytesRead: bytes, walking: listing, ...estimate };
}
