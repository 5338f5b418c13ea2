/** One ingest from the opened store to the report. */

import { isMainThread } from 'node:worker_threads';
import type { Digest } from '../../digest.ts';
import { asError, type Failure, failed, isIngotError } from '../../errors.ts';
import { statusReader } from '../../native/file-status.ts';
import { loadLibc } from '../../native/libc.ts';
import type { DirectoryOps } from '../../sources/walk/directory.ts';
import { fastDirectoryOps } from '../../sources/walk/fast-directory-ops.ts';
import {
  planWalk,
  type WalkPlan,
  type WalkSurroundings,
  walkSources,
} from '../../sources/walk/walk-sources.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import { TASKS_PER_WORKER } from '../../threads/pool.ts';
import { IngestError, type IngestOptions, type IngestReport } from '../api.ts';
import { Claims } from '../claims.ts';
import type { IngestPool, WorkerSetup } from '../messages.ts';
import { canCount, countSources } from './count-ahead.ts';
import { interruption, yieldsToFlushFailure } from './interruption.ts';
import { ManifestWriter, pathPrefix } from './manifest.ts';
import { checkManifestTarget } from './manifest-target.ts';
import { Pipeline } from './pipeline.ts';
import { ReadLanes } from './read-lanes.ts';
import { reportOf } from './report.ts';
import { RunProgress } from './run-progress.ts';
import { Tally } from './tally.ts';

/** What `ingest` was called with, all of it checked. */
export interface RunRequest {
  readonly engine: Engine;
  readonly sources: readonly string[];
  readonly options: IngestOptions;
  readonly threads: number;
  /** `performance.now()` when the run began. */
  readonly begun: number;
}

/** Looks at the sources and opens the store. Throws when the run cannot begin. */
export async function openRun(request: RunRequest, pool: IngestPool): Promise<Run> {
  const { engine, sources, options, threads } = request;
  const plan = await planWalk({ ...options, sources }, options.signal);
  const { manifest: target, excludeFrom = [], signal } = options;
  if (target !== undefined) await checkManifestTarget(target, { ...plan, excludeFrom }, signal);
  const libc = await loadLibc();
  const manifest =
    target === undefined ? undefined : new ManifestWriter(target, { store: engine.folder, libc });
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
  });
  return new Run(request, pool, { plan, half, claims, manifest });
}

interface RunParts {
  readonly plan: WalkPlan;
  readonly half: MainHalf;
  readonly claims: Claims;
  readonly manifest: ManifestWriter | undefined;
}

export class Run {
  readonly #engine: Engine;
  readonly #half: MainHalf;
  readonly #plan: WalkPlan;
  readonly #options: IngestOptions;
  readonly #begun: number;
  readonly #threads: number;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #lanes = new ReadLanes();
  readonly #cancelWalk = new AbortController();
  readonly #tally: Tally;
  readonly #manifest: ManifestWriter | undefined;
  readonly #manifestPrefix: string;
  readonly #pool: IngestPool;
  readonly #pipeline: Pipeline;
  #progress: RunProgress | undefined;
  #lostSources: readonly Failure[] = [];

  constructor(request: RunRequest, pool: IngestPool, { plan, half, claims, manifest }: RunParts) {
    const { engine, options, threads, begun } = request;
    this.#engine = engine;
    this.#half = half;
    this.#plan = plan;
    this.#threads = threads;
    this.#options = options;
    this.#begun = begun;
    this.#pool = pool;
    this.#manifestPrefix = pathPrefix(plan);
    this.#manifest = manifest;
    this.#tally = new Tally({
      onEntry: this.#guarded(options.onEntry),
      report: options.report ?? 'problems',
      onStored: manifest && this.#guarded((digest, path) => this.#addToManifest(digest, path)),
    });
    const setup: WorkerSetup = {
      mayBeTerminated: !isMainThread,
      store: half.worker,
      claims: claims.shared,
      stop: this.#stop.buffer as SharedArrayBuffer,
      nextWorker: new SharedArrayBuffer(4),
      ...this.#lanes.shared,
    };
    this.#pipeline = new Pipeline(pool, half, this.#tally, {
      setup,
      wantDigests: options.report === 'all' || this.#manifest !== undefined,
      batchFiles: options.batchFiles,
      stop: () => {
        Atomics.store(this.#stop, 0, 1);
        this.#cancelWalk.abort();
      },
      onNotice: this.#guarded(options.onNotice) ?? (() => {}),
    });
  }

  async run(): Promise<IngestReport> {
    const { signal } = this.#options;
    const onAbort = () => this.#pipeline.fail(interruption());
    try {
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      for (const text of this.#half.opened.notices) this.#pipeline.notice(text);
      await this.#walk();
      await this.#pipeline.drain();
      if (this.#pipeline.failure === undefined) this.#lookBack();
    } catch (error) {
      this.#pipeline.fail(asError(error));
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await this.#progress?.end().catch((error) => this.#pipeline.fail(asError(error)));
      await this.#pool.close();
    }
    return await this.#end();
  }

  async #walk(): Promise<void> {
    const surroundings = {
      storeRoot: this.#engine.folder,
      manifest: this.#manifest?.file,
      signal: this.#cancelWalk.signal,
      ops: fastDirectoryOps(statusReader((await loadLibc())?.statx)),
    };
    this.#progress = this.#showProgress(surroundings);
    try {
      await walkSources(this.#plan, surroundings, this.#pipeline);
    } catch (error) {
      if (!this.#cancelWalk.signal.aborted) this.#pipeline.fail(failed('cannot walk', error));
    } finally {
      this.#progress?.walkEnded();
    }
  }

  #showProgress(surroundings: WalkSurroundings & { ops: DirectoryOps }): RunProgress | undefined {
    const onProgress = this.#guarded(this.#options.onProgress);
    if (onProgress === undefined) return undefined;
    const counts = (this.#options.countAhead ?? true) && canCount(this.#plan);
    return new RunProgress({
      onProgress,
      pipeline: this.#pipeline,
      tally: this.#tally,
      lanes: this.#lanes,
      begun: this.#begun,
      count: counts ? (signal) => countSources(this.#plan, { ...surroundings, signal }) : undefined,
    });
  }

  /** When all is read: did the sources stay, and was anything left to store? */
  #lookBack(): void {
    const { vanished, unreadable, excluded } = this.#tally.outcomes;
    this.#lostSources = this.#plan.roots.lost({ parts: vanished + unreadable > 0 });
    if (excluded > 0 && excluded === this.#pipeline.entriesFound)
      this.#pipeline.notice(ALL_EXCLUDED);
  }

  /** The last flush, the manifest, the report. What it counts as stored is durable. */
  async #end(): Promise<IngestReport> {
    let cause = this.#pipeline.failure;
    try {
      if (this.#pipeline.flushFailed) this.#tally.takeBack();
      else await this.#half.flush(this.#options.signal);
    } catch (error) {
      if (error === this.#options.signal?.reason) cause ??= interruption();
      else if (cause === undefined || yieldsToFlushFailure(cause)) cause = asError(error);
      this.#tally.takeBack();
    }
    try {
      await this.#half.end(cause === undefined ? 'done' : 'failed');
    } catch (error) {
      cause = asError(error);
    }
    try {
      if (cause === undefined) {
        this.#tally.assertComplete(this.#pipeline.entriesFound);
        await this.#manifest?.finish(this.#options.signal);
      }
    } catch (error) {
      cause = this.#options.signal?.aborted ? interruption() : asError(error);
    }
    this.#progress?.show();
    cause ??= this.#pipeline.failure;
    const report = this.#report();
    if (cause === undefined) return report;
    this.#manifest?.abandon();
    if (!isIngotError(cause)) throw cause;
    throw new IngestError(cause.toFailure(), report, cause);
  }

  #report(): IngestReport {
    return reportOf({
      store: this.#engine.address,
      opened: this.#half.opened,
      options: this.#options,
      pipeline: this.#pipeline,
      tally: this.#tally,
      lostSources: this.#lostSources,
      flushes: this.#half.flushes,
      threads: this.#threads,
      wallMs: performance.now() - this.#begun,
    });
  }

  #addToManifest(digest: Digest, path: string): void {
    this.#manifest!.add(digest, path.slice(this.#manifestPrefix.length));
  }

  /** A function of the caller's. What it throws ends the run, and it is not called again. */
  #guarded<Args extends unknown[]>(
    call: ((...args: Args) => void) | undefined,
  ): ((...args: Args) => void) | undefined {
    if (call === undefined) return undefined;
    let threw = false;
    return (...args) => {
      if (threw) return;
      try {
        call(...args);
      } catch (error) {
        threw = true;
        this.#pipeline.fail(asError(error));
      }
    };
  }
}

const ALL_EXCLUDED = 'the exclude patterns leave out everything: nothing is stored';
