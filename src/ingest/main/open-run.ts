import { type Libc, loadLibc } from '../../native/libc.ts';
import { planWalk, type WalkPlan } from '../../sources/walk/walk-sources.ts';
import { TASKS_PER_WORKER } from '../../threads/pool.ts';
import type { IngestOptions } from '../api.ts';
import { Claims } from '../claims.ts';
import { FileXattrs } from '../file-xattrs.ts';
import type { IngestPool } from '../messages.ts';
import { JournalWriter } from './journal.ts';
import { ManifestWriter } from './manifest.ts';
import { checkJournalTarget, checkManifestTarget } from './output-target.ts';
import { openRetry } from './retry.ts';
import { Run } from './run.ts';
import { RunOutputs } from './run-outputs.ts';
import { RunRecords } from './run-records.ts';
import type { RunRequest } from './run-request.ts';
import { TreeRecorder } from './tree-recorder.ts';

/** Looks at the sources and opens the store. Throws when the run cannot begin. */
export async function openRun(request: RunRequest, pool: IngestPool): Promise<Run> {
  const { engine, sources, options, threads } = request;
  const { signal } = options;
  const libc = await loadLibc();
  const retry =
    options.retry === undefined ? undefined : await openRetry(options.retry, libc, signal);
  // Of nothing no snapshot is made: it would be the latest one.
  const oneTree = wantsSnapshot(options) && retry?.hasFailures !== false;
  const plan = await planWalk({ ...options, sources, list: retry?.list, oneTree }, signal);
  for (const text of retry?.notices ?? []) options.onNotice?.(text);
  const outputs = await openOutputs(request, plan, libc);
  const isAborted = signal?.aborted ?? false;
  try {
    // Before there is a writer that would have to be ended when this fails.
    const claims = new Claims();
    const half = await engine.openWriter({
      durability: options.durability ?? 'group',
      barrier: options.barrier ?? 'auto',
      layout: options.layout,
      sharing: options.shared,
      verifyHits: options.verifyHits ?? false,
      dryRun: options.dryRun ?? false,
      groups: threads * TASKS_PER_WORKER,
      // A run that was aborted by now opens the store to say so, and shall not wait for anybody.
      snapshots: oneTree && !isAborted,
      signal: isAborted ? undefined : signal,
      onWaiting: options.onNotice,
    });
    const xattrs = new FileXattrs((options.xattrs ?? true) ? libc?.xattrReader : undefined);
    const parts = { half, plan, options, libc, xattrs, storeFolder: engine.folder };
    const records = oneTree ? RunRecords.open(parts) : undefined;
    const recorder = oneTree ? new TreeRecorder(xattrs, records?.directories) : undefined;
    return new Run(request, pool, { plan, half, claims, outputs, recorder, records });
  } catch (error) {
    outputs.close();
    throw error;
  }
}

async function openOutputs(
  request: RunRequest,
  plan: WalkPlan,
  libc: Libc | undefined,
): Promise<RunOutputs> {
  const { engine, options } = request;
  const { manifest: target, journal: file, excludeFrom = [], signal } = options;
  const inputs = { ...plan, excludeFrom };
  const place = { store: engine.folder, libc };
  if (file !== undefined) {
    // What is to be retried has been read.
    const list = options.retry === undefined ? plan.list : undefined;
    await checkJournalTarget(file, { ...inputs, list }, signal);
  }
  const journal = file === undefined ? undefined : JournalWriter.open(file, place);
  try {
    if (target === undefined) return new RunOutputs(request, undefined, journal);
    await checkManifestTarget(target, { ...inputs, journal: journal?.file }, signal);
    return new RunOutputs(request, new ManifestWriter(target, place), journal);
  } catch (error) {
    journal?.close();
    throw error;
  }
}

/** What is not durable needs no snapshot: it may be lost. */
function wantsSnapshot({ snapshot = true, durability }: IngestOptions): boolean {
  return snapshot && durability !== 'none';
}
