import { loadLibc } from '../../native/libc.ts';
import { planWalk } from '../../sources/walk/walk-sources.ts';
import { TASKS_PER_WORKER } from '../../threads/pool.ts';
import type { IngestOptions } from '../api.ts';
import { Claims } from '../claims.ts';
import { FileXattrs } from '../file-xattrs.ts';
import type { IngestPool } from '../messages.ts';
import { ManifestWriter } from './manifest.ts';
import { checkManifestTarget } from './manifest-target.ts';
import { Run } from './run.ts';
import type { RunRequest } from './run-request.ts';
import { TreeRecorder } from './tree-recorder.ts';

/** Looks at the sources and opens the store. Throws when the run cannot begin. */
export async function openRun(request: RunRequest, pool: IngestPool): Promise<Run> {
  const { engine, sources, options, threads } = request;
  const plan = await planWalk(
    { ...options, sources, oneTree: wantsSnapshot(options) },
    options.signal,
  );
  const { manifest: target, excludeFrom = [], signal } = options;
  if (target !== undefined) await checkManifestTarget(target, { ...plan, excludeFrom }, signal);
  const libc = await loadLibc();
  const manifest =
    target === undefined ? undefined : new ManifestWriter(target, { store: engine.folder, libc });
  const isAborted = signal?.aborted ?? false;
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
    snapshots: wantsSnapshot(options) && !isAborted,
    signal: isAborted ? undefined : signal,
    onWaiting: options.onNotice,
  });
  const xattrs = new FileXattrs((options.xattrs ?? true) ? libc?.xattrReader : undefined);
  const recorder = wantsSnapshot(options) ? new TreeRecorder(xattrs) : undefined;
  return new Run(request, pool, { plan, half, claims, manifest, recorder });
}

/** What is not durable needs no snapshot: it may be lost. */
function wantsSnapshot({ snapshot = true, durability }: IngestOptions): boolean {
  return snapshot && durability !== 'none';
}
