/** The last step of a run that has made its snapshot: what is in it goes from the sources. */
import { asError, isFailure, isIngotError } from '../../errors.ts';
import { nodeFileOps } from '../../files/file-ops.ts';
import { statusReader } from '../../native/file-status.ts';
import { type Libc, loadLibc } from '../../native/libc.ts';
import { Estimator } from '../../progress/estimate.ts';
import { FinishedRecord } from '../../record/finished-record.ts';
import { readReference } from '../../snapshot/catalog.ts';
import type { Entry } from '../../snapshot/entry.ts';
import type { Reference } from '../../snapshot/reference.ts';
import { StoredSegments } from '../../snapshot/store-segments.ts';
import { TreeReader } from '../../snapshot/tree-reader.ts';
import type { Source } from '../../sources/walk/sources.ts';
import type { Engine } from '../../store/seam/engine.ts';
import { IngestError, type IngestOptions, type IngestReport, type SnapshotReport } from '../api.ts';
import type { RemovalAnswer, RemovalProgress, RemovalReport } from '../removal.ts';
import { removalInterruption } from './interruption.ts';
import { Removal, type RemovalParts } from './removal/removal.ts';
import { RemovalTally } from './removal/tally.ts';

export interface RemoveSourcesParts {
  readonly engine: Engine;
  readonly sources: readonly Source[];
  /** Where the finished record of the run lies; undefined where it has none. */
  readonly record: string | undefined;
  readonly options: Pick<IngestOptions, 'removeSource' | 'onStayed' | 'onRemoving' | 'signal'>;
  readonly notice: (text: string) => void;
}

/** What is needed to look at names without following a link. */
type Calls = Pick<RemovalParts, 'at' | 'files' | 'status'>;

/**
 * Gives the report with what was removed. Throws an IngestError with it when that was interrupted, or
 * could not go on; what the caller's functions throw.
 */
export async function removeSources(
  parts: RemoveSourcesParts,
  report: IngestReport,
): Promise<IngestReport> {
  const { signal, onStayed } = parts.options;
  const tally = new RemovalTally(onStayed);
  try {
    signal?.throwIfAborted();
    const removed = await removeWhatMay(parts, report.snapshot, tally);
    return { ...report, removed };
  } catch (error) {
    const cause = signal?.aborted ? removalInterruption(report.snapshot?.id) : asError(error);
    if (!isIngotError(cause)) throw cause;
    throw new IngestError(cause.toFailure(), { ...report, removed: tally.report() }, cause);
  }
}

/** Undefined where the answer was no. */
async function removeWhatMay(
  parts: RemoveSourcesParts,
  snapshot: SnapshotReport | undefined,
  tally: RemovalTally,
): Promise<RemovalReport | undefined> {
  const { engine, sources, options, notice } = parts;
  const refuse = (why: string): RemovalReport => ({ ...tally.report(), refused: why });
  if (snapshot?.id === undefined) return refuse('there is no snapshot');
  if (!snapshot.complete) return refuse('the snapshot is incomplete');
  const reference = await readReference(await engine.openReader('references'), snapshot.id);
  if (reference === undefined) return refuse('the snapshot has been removed');
  const calls = callsOf(await loadLibc());
  if (calls === undefined) return refuse('this machine keeps back calls that are needed for it');
  const record = openRecordOf(parts, snapshot.id);
  if (typeof record === 'string') return refuse(record);
  try {
    if (!(await isWanted(parts, snapshot))) {
      notice('nothing is removed of the sources: the answer was no');
      return undefined;
    }
    const { signal, onRemoving } = options;
    const onTurn = onRemoving && showing(onRemoving, tally, reference);
    const removal = new Removal({ ...calls, sources, record, tally, signal, onTurn });
    await removal.remove(await entriesOf(engine, reference));
  } finally {
    record.close();
  }
  return tally.report();
}

function callsOf(libc: Libc | undefined): Calls | undefined {
  if (libc?.at === undefined) return undefined;
  const status = statusReader(libc.statx);
  if (status.in === undefined) return undefined;
  return { at: libc.at, files: libc.files, status: { ...status, in: status.in } };
}

/** A text where there is none that proves anything. */
function openRecordOf({ record }: RemoveSourcesParts, snapshot: string): FinishedRecord | string {
  const none = 'the run could keep no record, which proves what they were';
  if (record === undefined) return none;
  try {
    const found = FinishedRecord.open(record, snapshot, nodeFileOps);
    return found ?? 'another run over them has ended meanwhile';
  } catch (error) {
    if (!isFailure(error)) throw error;
    return none;
  }
}

async function isWanted(
  { sources, options }: RemoveSourcesParts,
  snapshot: SnapshotReport,
): Promise<boolean> {
  const { removeSource } = options;
  if (typeof removeSource !== 'function') return true;
  const taken = sources.filter(({ isExcluded }) => !isExcluded).map(({ path }) => path);
  return await (removeSource as RemovalAnswer)({ snapshot, sources: taken });
}

function showing(
  onRemoving: (progress: RemovalProgress) => void,
  tally: RemovalTally,
  { counts }: Reference,
): () => void {
  const began = performance.now();
  const estimator = new Estimator(1);
  const count = counts.directories + counts.files + counts.links;
  const totals = { count, bytes: 0, isFinal: false };
  return () => {
    const elapsedMs = performance.now() - began;
    const done = tally.ended;
    const estimate = estimator.add({ done, totals, elapsedMs });
    onRemoving({ entriesFound: count, entriesDone: done, elapsedMs, ...estimate });
  };
}

async function entriesOf(engine: Engine, { root }: Reference): Promise<AsyncIterable<Entry>> {
  const reader = new TreeReader(new StoredSegments(await engine.openReader('segments')), root);
  return reader.below('');
}
