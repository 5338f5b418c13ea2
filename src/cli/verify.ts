import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Failure, IngotError, printable } from '../errors.ts';
import type { DamagedObject, UnreadableObject } from '../store/seam/upkeep.ts';
import type { VerifyProgress } from '../store/verify/verify-progress.ts';
import type { VerifyReport } from '../store/verify/verify-run.ts';
import { byteRate, bytes, count, counted, duration } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, once, storeOf, threadsOption } from './options.ts';
import type { Output } from './output.ts';
import type { ShownProgress } from './progress-line.ts';
import { unsettledNotes } from './unsettled.ts';

interface VerifyFlags extends CommonFlags {
  readonly sample?: number;
  readonly quarantine?: boolean;
  readonly threads?: number;
  readonly progress: boolean;
}

/** `ingot verify` */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('hash the objects again and name each one that is damaged')
    .addOption(
      new Option(
        '--sample <share>',
        'check a random share of them, such as 5% (default: all)',
      ).argParser((text, before?: number) => parseShare(once(text, before))),
    )
    .option('--quarantine', 'move damaged objects aside, so that an ingest stores them again')
    .addOption(threadsOption())
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
  const { verify } = await import('../store/verify/verify.ts');
  const { sample, quarantine, threads } = flags;
  const begun = performance.now();
  const objects: object[] = [];
  const unreadableObjects: object[] = [];
  const report = await verify(store, {
    sample,
    quarantine,
    threads,
    signal,
    countAhead: output.showsProgress,
    onProgress: (progress) => output.progress(asProgress(progress)),
    onDamaged: (object, quarantined, unmoved) => {
      const shown = showDamaged({ ...object, quarantined, unmoved }, output);
      if (output.mode === 'json') objects.push(shown);
    },
    onUnreadable: (object) => {
      showUnreadable(object, output);
      if (output.mode === 'json' && unreadableObjects.length < MAX_IN_DOCUMENT)
        unreadableObjects.push(object);
    },
  });
  const wallMs = performance.now() - begun;
  output.result(
    { ...report, objects, unreadableObjects, wallMs },
    flags.quiet ? '' : summary(report, wallMs),
  );
  if (report.damaged > 0) return EXIT.damaged;
  return report.unreadable > 0 ? EXIT.incomplete : EXIT.done;
}

/** A whole store may be another user's, and a document is held in memory; the count is in it. */
const MAX_IN_DOCUMENT = 10_000;

function asProgress(progress: VerifyProgress): ShownProgress {
  const { found, listing, checked, unreadable, gone, bytes, damaged: _, ...estimate } = progress;
  const entriesDone = checked + unreadable + gone;
  return { entriesFound: found, entriesDone, bytesRead: bytes, walking: listing, ...estimate };
}

/** Named as soon as it is found: a long run may be stopped before its end. */
function showDamaged(
  object: DamagedObject & { quarantined: string | undefined; unmoved: Failure | undefined },
  output: Output,
): object {
  const { digest, why, quarantined, unmoved } = object;
  const moved = quarantined === undefined ? '' : `; moved to ${printable(quarantined)}`;
  const stays = unmoved === undefined ? '' : `; it stays: ${new IngotError(unmoved).message}`;
  output.print(`damaged ${digest}: ${why}${moved}${stays}\n`);
  output.event({ event: 'damaged', ...object });
  return object;
}

function showUnreadable(object: UnreadableObject, output: Output): void {
  output.print(`unreadable ${object.digest ?? ''}: ${new IngotError(object.failure).message}\n`);
  output.event({ event: 'unreadable', ...object });
}

function summary(
  {
    checked,
    bytes: read,
    damaged,
    quarantined,
    unmoved,
    unreadable,
    gone,
    unsettled,
  }: VerifyReport,
  wallMs: number,
) {
  const rate = byteRate(wallMs > 0 ? (read / wallMs) * 1000 : 0);
  const parts = [
    `${counted(checked, 'object')} checked, ${bytes(read)} in ${duration(wallMs)} (${rate})`,
    `${counted(damaged, 'object')} damaged`,
  ];
  if (quarantined > 0) parts.push(`${counted(quarantined, 'object')} moved to quarantine`);
  if (unmoved > 0) parts.push(`${counted(unmoved, 'object')} could not be moved`);
  if (unreadable > 0) parts.push(`${count(unreadable)} could not be looked at`);
  if (gone > 0) parts.push(`${counted(gone, 'object')} gone meanwhile`);
  return `${[...parts, ...unsettledNotes(unsettled)].join('; ')}\n`;
}
