import type { Failure } from '../../errors.ts';
import { readAheadReport } from '../../read-ahead/cost.ts';
import type { Resumed } from '../../record/records.ts';
import type { FlushReport, Opened } from '../../store/seam/write.ts';
import type { IngestOptions, IngestReport, Phase, SnapshotReport } from '../api.ts';
import type { Pipeline } from './pipeline.ts';
import type { Tally } from './tally.ts';

/** What the report of a run is put together from. */
export interface ReportParts {
  /** Its address. */
  readonly store: string;
  readonly opened: Opened;
  readonly options: Pick<IngestOptions, 'durability' | 'dryRun'>;
  readonly pipeline: Pick<Pipeline, 'cost' | 'starved' | 'entriesFound' | 'directories'>;
  readonly tally: Tally;
  readonly lostSources: readonly Failure[];
  readonly snapshot: SnapshotReport | undefined;
  readonly resumed: Resumed | undefined;
  readonly flushes: FlushReport;
  readonly threads: number;
  readonly wallMs: number;
}

export function reportOf(parts: ReportParts): IngestReport {
  const {
    store,
    opened,
    options,
    pipeline,
    tally,
    lostSources,
    snapshot,
    resumed,
    flushes,
    threads,
    wallMs,
  } = parts;
  const { cost, starved, entriesFound, directories } = pipeline;
  const { durability = 'group', dryRun = false } = options;
  const stageMs: Record<Phase, number> = {
    walk: starved.ms,
    read: cost.readMs,
    hash: cost.hashMs,
    write: cost.writeMs,
    barrier: cost.barrierMs,
    publish: cost.publishMs,
  };
  return {
    store,
    entries: entriesFound,
    outcomes: tally.outcomes,
    unsupportedKinds: tally.unsupportedKinds,
    lostSources,
    directories,
    bytesRead: cost.bytesRead,
    bytesWritten: tally.bytesStored,
    bytesSaved: tally.bytesSaved,
    bytesUnchanged: tally.bytesUnchanged,
    resumed: resumed && { ...resumed, entries: cost.resumed },
    repaired: cost.repaired,
    swept: opened.swept,
    snapshot,
    removed: undefined,
    dryRun,
    durability,
    barrier: opened.barrier,
    layout: opened.layout,
    flushes: {
      barriers: flushes.barriers,
      files: cost.fileFlushes,
      directories: flushes.directoryFlushes,
    },
    threads,
    readAhead: readAheadReport(cost),
    wallMs,
    stageMs,
    bottleneck: longest(stageMs),
  };
}

function longest(stageMs: Readonly<Record<Phase, number>>): Phase {
  const phases = Object.keys(stageMs) as Phase[];
  return phases.reduce((a, b) => (stageMs[b] > stageMs[a] ? b : a));
}
