import type { Failure } from '../../errors.ts';
import type { LocalWorkerInit } from '../../store/local/worker-half.ts';
import type { FlushReport } from '../../store/seam.ts';
import type { IngestReport, Phase } from '../api.ts';
import type { Pipeline } from './pipeline.ts';
import type { Tally } from './tally.ts';

/** What the report of a run is put together from. */
export interface ReportParts {
  readonly store: LocalWorkerInit;
  readonly swept: number;
  readonly pipeline: Pick<Pipeline, 'cost' | 'starved' | 'entriesFound' | 'directories'>;
  readonly tally: Tally;
  readonly lostSources: readonly Failure[];
  readonly flushes: FlushReport;
  readonly threads: number;
  readonly wallMs: number;
}

export function reportOf(parts: ReportParts): IngestReport {
  const { store, swept, pipeline, tally, lostSources, flushes, threads, wallMs } = parts;
  const { cost, starved, entriesFound, directories } = pipeline;
  const { durability, barrier, dryRun, format, root } = store;
  const stageMs: Record<Phase, number> = {
    walk: starved.ms,
    read: cost.readMs,
    hash: cost.hashMs,
    write: cost.writeMs,
    barrier: cost.barrierMs,
    publish: cost.publishMs,
  };
  return {
    store: root,
    entries: entriesFound,
    outcomes: tally.outcomes,
    unsupportedKinds: tally.unsupportedKinds,
    lostSources,
    directories,
    bytesRead: cost.bytesRead,
    bytesWritten: tally.bytesStored,
    bytesSaved: tally.bytesSaved,
    repaired: cost.repaired,
    swept,
    dryRun,
    durability,
    barrier,
    layout: format.layout,
    flushes: {
      barriers: flushes.barriers,
      files: cost.fileFlushes,
      directories: flushes.directoryFlushes,
    },
    threads,
    wallMs,
    stageMs,
    bottleneck: longest(stageMs),
  };
}

function longest(stageMs: Readonly<Record<Phase, number>>): Phase {
  const phases = Object.keys(stageMs) as Phase[];
  return phases.reduce((a, b) => (stageMs[b] > stageMs[a] ? b : a));
}
