import { type Command, Option } from 'commander';
import { IngotError, printable } from '../errors.ts';
import { Estimator } from '../progress/estimate.ts';
import type { GcProgress, GcReport } from '../snapshot/gc/api.ts';
import type { LockHolder } from '../store/seam/collecting.ts';
import { bytes, counted, latency } from '../units.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, once, storeOf } from './options.ts';
import type { Output } from './output.ts';

interface GcFlags extends CommonFlags {
  readonly dryRun?: boolean;
  readonly orphans?: boolean;
  readonly olderThan?: string;
  readonly thisHostOnly?: boolean;
  readonly progress?: boolean;
}

/** `ingot gc` */
export function addGc(program: Command): void {
  const command = program
    .command('gc')
    .description('free what only forgotten snapshots need; the store stays usable meanwhile')
    .option('-n, --dry-run', 'show how much would go')
    .option('--orphans', 'also what no snapshot ever named, and is not pinned')
    .addOption(
      new Option(
        '--older-than <span>',
        'of orphans only those of this age (default: 7d)',
      ).argParser((text, before?: string) => once(text, before)),
    )
    .option('--no-progress', 'show no progress')
    .option('--this-host-only', 'no other machine writes to the store, so its locks may be local');
  addCommonOptions(command).action((flags: GcFlags) =>
    runCommand(flags, 'go on', (context) => runGc(flags, context)),
  );
}

async function runGc(flags: GcFlags, context: CommandContext): Promise<ExitCode> {
  const { report, text, exitCode } = await freeRoom(flags, context);
  context.output.result(report, flags.quiet ? '' : text);
  return exitCode;
}

/** Runs a gc, and gives what is to be said of it. */
export async function freeRoom(
  flags: GcFlags,
  { output, signal }: CommandContext,
): Promise<{ readonly report: GcReport; readonly text: string; readonly exitCode: ExitCode }> {
  const store = storeOf(flags);
  const { gc } = await import('../snapshot/gc/gc.ts');
  const { dryRun, orphans, olderThan, thisHostOnly } = flags;
  await output.showProgress(flags.progress ?? true, 'objects');
  output.doing('reading the snapshots');
  const report = await gc(store, {
    ...{ dryRun, orphans, olderThan, thisHostOnly, signal },
    onProgress: showing(output, dryRun ? 'objects found' : 'objects removed'),
    onUnreadable: (id, failure) =>
      output.notice(`of forgotten ${id} some may stay: ${new IngotError(failure).message}`),
  });
  if (report.firstStuck !== undefined)
    output.say(
      `${counted(report.stuck, 'file')} could not be removed, the first: ${new IngotError(report.firstStuck).message}`,
    );
  const exitCode = report.stuck > 0 ? EXIT.incomplete : EXIT.done;
  return { report, text: summary(report), exitCode };
}

/** How much there is to do is not known before it is done. */
function showing(output: Output, what: string): (progress: GcProgress) => void {
  const began = performance.now();
  const estimators = { marking: new Estimator(1), removing: new Estimator(1) };
  return ({ phase, segments, removed, bytes: size }) => {
    const isMarking = phase === 'marking';
    const done = isMarking ? segments : removed;
    const elapsedMs = performance.now() - began;
    output.progress({
      ...{ entriesDone: done, unit: isMarking ? 'segments read' : what },
      ...(isMarking ? {} : { bytesRead: size }),
      ...{ walking: false, elapsedMs },
      ...estimators[phase].add({ done, totals: undefined, elapsedMs }),
    });
  };
}

function summary(report: GcReport): string {
  const { dryRun, objects, segments, orphans, orphanBytes, snapshots } = report;
  const freed = bytes(report.bytes + report.segmentBytes);
  const lines = [
    `${dryRun ? 'would free' : 'freed'} ${freed}: ${counted(objects, 'object')}, ${counted(segments, 'segment')} of ${counted(snapshots, 'forgotten snapshot')}`,
  ];
  if (orphans > 0) lines.push(`and ${bytes(orphanBytes)}: ${counted(orphans, 'orphan')}`);
  if (report.slices > 0) lines.push(`others waited ${latency(report.longestSliceMs)} at most`);
  if (report.waitedFor.length > 0)
    lines.push(
      `it waited ${latency(report.waitedMs)} for ${report.waitedFor.map(holder).join(', ')}`,
    );
  return `${lines.join('\n')}\n`;
}

function holder({ pid, host, since }: LockHolder): string {
  return `process ${pid} on ${printable(host)}${since === undefined ? '' : `, since ${since}`}`;
}
