/** Runs of ingot as they are compared: whole processes, their reports, their rows. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../src/cli/fail.ts';
import type { IngestOptions, IngestReport } from '../src/index.ts';
import type { Command } from './children.ts';
import { bindingFloor, type FloorName, type FloorTimes } from './floors/times.ts';
import { type Contender, medianSample, peakRssOf, type Sample, secondsOf } from './method.ts';
import { fresh } from './prepare.ts';
import type { Context } from './question.ts';
import type { Row } from './results.ts';

/** The built command line, run by this Node. */
export const INGOT = [
  process.execPath,
  fileURLToPath(new URL('../src/cli/main.cjs', import.meta.url)),
] as const;

/** Where every run puts its store. */
export function storeIn({ arena }: Context): string {
  return path.join(arena.path, 'store');
}

/** `ingot ingest`, its report as JSON on stdout. */
export function ingestCommand(
  context: Context,
  source: string,
  options: readonly string[] = [],
): Command {
  const { threads } = context;
  const common = ['--store', storeIn(context), '--threads', `${threads}`, '--json'];
  return [...INGOT, 'ingest', source, ...common, '--no-progress', ...options];
}

/** A first ingest into a new store, the arena empty before. */
export function firstIngest(context: Context, options: readonly string[] = []): Contender {
  return ingesting(ingestCommand(context, context.tree, options), () => fresh(context));
}

const INGEST_CHILD = fileURLToPath(new URL('./ingest-child.js', import.meta.url));

/** The same through the library's call, which has options that the command line has not. */
export function libraryIngest(context: Context, options: IngestOptions): Contender {
  const child = [process.execPath, INGEST_CHILD, storeIn(context), context.tree] as const;
  return ingesting([...child, JSON.stringify(options)], () => fresh(context));
}

/** Entries of a user's tree that cannot be read do not make a run worthless. */
export function ingesting(command: Command, prepare?: () => void): Contender {
  return { command, accepts: [EXIT.done, EXIT.incomplete], ...(prepare && { prepare }) };
}

export function reportOf(sample: Sample): IngestReport {
  return JSON.parse(sample.stdout) as IngestReport;
}

export interface RowHead {
  readonly label: string;
  readonly parameters: Row['parameters'];
}

/** A row of ingests: rates, memory, the phases of the median run, the floor that binds. */
export function ingestRow(
  head: RowHead,
  samples: readonly Sample[],
  floors: FloorTimes,
  binding: readonly FloorName[],
): Row {
  const seconds = secondsOf(samples);
  const { outcomes, bytesRead, stageMs, bottleneck } = reportOf(medianSample(samples));
  const peakRssBytes = peakRssOf(samples);
  const floor = bindingFloor(floors, binding);
  return {
    ...head,
    seconds,
    ...ratesOf(filesIn(outcomes), bytesRead, seconds.median),
    ...(peakRssBytes !== undefined && { peakRssBytes }),
    stageMs,
    bottleneck,
    ...(floor && {
      floor: { label: floor.label, distance: seconds.median / floor.seconds },
    }),
  };
}

/** Without links, devices and what could not be read. */
function filesIn({ new: added, duplicate, unchanged }: IngestReport['outcomes']): number {
  return added + duplicate + unchanged;
}

export function ratesOf(files: number, bytes: number, seconds: number) {
  return { filesPerSecond: files / seconds, bytesPerSecond: bytes / seconds };
}
