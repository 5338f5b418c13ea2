/** One ingest from the opened store to the report. */

import { isMainThread } from 'node:worker_threads';
import type { Digest } from '../../digest.ts';
import { asError, type Failure, failed, isIngotError } from '../../errors.ts';
import { statusReader } from '../../native/file-status.ts';
import { loadLibc } from '../../native/libc.ts';
import type { DirectoryOps } from '../../sources/walk/directory.ts';
import { directoryOps } from '../../sources/walk/directory.ts';
import {
  type WalkPlan,
  type WalkSurroundings,
  walkSources,
} from '../../sources/walk/walk-sources.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import { IngestError, type IngestOptions, type IngestReport, type SnapshotReport } from '../api.ts';
import type { Claims } from '../claims.ts';
import type { IngestPool, WorkerSetup } from '../messages.ts';
import { canCount, countSources } from './count-ahead.ts';
import { interruption, yieldsToFlushFailure } from './interruption.ts';
import { type ManifestWriter, pathPrefix } from './manifest.ts';
import { Pipeline } from './pipeline.ts';
import { ReadLanes } from './read-lanes.ts';
import { reportOf } from './report.ts';
import { RunProgress } from './run-progress.ts';
import type { RunRequest } from './run-request.ts';
import { Tally } from './tally.ts';
import type { TreeRecorder } from './tree-recorder.ts';
import { WalkIntake } from './walk-intake.ts';

/** What a run is made of, all of it looked at and opened. */
export interface RunParts {
  readonly plan: WalkPlan;
  readonly half: MainHalf;
  readonly claims: Claims;
  readonly manifest: ManifestWriter | undefined;
  /** Undefined where no snapshot is to be made. */
  readonly recorder: TreeRecorder | undefined;
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
  readonly #recorder: TreeRecorder | undefined;
  readonly #pool: IngestPool;
  readonly #pipeline: Pipeline;
  #progress: RunProgress | undefined;
  #lostSources: readonly Failure[] = [];
  #snapshot: SnapshotReport | undefined;

  constructor(request: RunRequest, pool: IngestPool, parts: RunParts) {
    const { plan, half, claims, manifest, recorder } = parts;
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
    this.#recorder = recorder;
    this.#tally = new Tally({
      onEntry: this.#guarded(options.onEntry),
      report: options.report ?? 'problems',
      onStored: manifest && this.#guarded((digest, path) => this.#addToManifest(digest, path)),
    });
    const setup: WorkerSetup = {
      mayBeTerminated: !isMainThread,
      store: half.worker,
      claims: claims.shared,
      wantBlocks: recorder !== undefined,
      wantXattrs: options.xattrs ?? true,
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
      recorder,
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
      ops: directoryOps(statusReader((await loadLibc())?.statx)),
    };
    this.#progress = this.#showProgress(surroundings);
    try {
      const intake = new WalkIntake(this.#pipeline, this.#recorder);
      await walkSources(this.#plan, surroundings, intake);
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

  /**
   * The last flush, the snapshot, the manifest, the report. What the report counts as stored is
   * durable.
   */
  async #end(): Promise<IngestReport> {
    let cause = await this.#flush();
    cause ??= await this.#orFailure(() => this.#makeSnapshot());
    this.#recorder?.builder.close();
    const ended = this.#half.end(cause === undefined ? 'done' : 'failed');
    cause = (await ended.catch(asError)) ?? cause;
    cause ??= await this.#orFailure(() => this.#manifest?.finish(this.#options.signal));
    this.#progress?.show();
    cause ??= this.#pipeline.failure;
    const report = this.#report();
    if (cause === undefined) return report;
    this.#manifest?.abandon();
    if (!isIngotError(cause)) throw cause;
    throw new IngestError(cause.toFailure(), report, cause);
  }

  /** Gives why the run has failed, if it has. */
  async #flush(): Promise<Error | undefined> {
    const cause = this.#pipeline.failure;
    try {
      if (this.#pipeline.flushFailed) this.#tally.takeBack();
      else await this.#half.flush(this.#options.signal);
    } catch (error) {
      this.#tally.takeBack();
      if (error === this.#options.signal?.reason) return cause ?? interruption();
      if (cause === undefined || yieldsToFlushFailure(cause)) return asError(error);
    }
    return cause;
  }

  async #makeSnapshot(): Promise<void> {
    this.#tally.assertComplete(this.#pipeline.entriesFound);
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    const { makeSnapshot } = await import('./snapshot-maker.ts');
    const facts = { lost: this.#lostSources.length, bytesStored: this.#tally.bytesStored };
    const parts = { engine: this.#engine, half: this.#half, plan: this.#plan, recorder };
    this.#snapshot = await makeSnapshot({ ...parts, options: this.#options }, facts);
  }

  async #orFailure(step: () => Promise<void> | undefined): Promise<Error | undefined> {
    try {
      await step();
      return undefined;
    } catch (error) {
      return this.#options.signal?.aborted ? interruption() : asError(error);
    }
  }

  #report(): IngestReport {
    return reportOf({
      store: this.#engine.address,
      opened: this.#half.opened,
      options: this.#options,
      pipeline: this.#pipeline,
      tally: this.#tally,
      lostSources: this.#lostSources,
      snapshot: this.#snapshot,
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
