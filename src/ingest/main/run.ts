/** One ingest from the opened store to the report. */

import { isMainThread } from 'node:worker_threads';
import { asError, type Failure, failed, isIngotError } from '../../errors.ts';
import { statusReader } from '../../native/file-status.ts';
import { loadLibc } from '../../native/libc.ts';
import { readAheadLimits } from '../../read-ahead/choice.ts';
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
import { SeenFiles } from '../seen-files.ts';
import { canCount, countSources } from './count-ahead.ts';
import { guarded } from './guarded.ts';
import { interruption, yieldsToFlushFailure } from './interruption.ts';
import { isFlushFailure, Pipeline } from './pipeline.ts';
import { ReadLanes } from './read-lanes.ts';
import { reportOf } from './report.ts';
import type { RunOutputs } from './run-outputs.ts';
import { RunProgress } from './run-progress.ts';
import type { RunRecords } from './run-records.ts';
import type { RunRequest } from './run-request.ts';
import { Tally } from './tally.ts';
import type { TreeRecorder } from './tree-recorder.ts';
import { WalkIntake } from './walk-intake.ts';

/** What a run is made of, all of it looked at and opened. */
export interface RunParts {
  readonly plan: WalkPlan;
  readonly half: MainHalf;
  readonly claims: Claims;
  readonly outputs: RunOutputs;
  /** Undefined where no snapshot is to be made. */
  readonly recorder: TreeRecorder | undefined;
  /** The same. */
  readonly records: RunRecords | undefined;
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
  readonly #claims: Claims;
  readonly #tally: Tally;
  readonly #outputs: RunOutputs;
  readonly #recorder: TreeRecorder | undefined;
  readonly #records: RunRecords | undefined;
  readonly #pool: IngestPool;
  readonly #pipeline: Pipeline;
  #progress: RunProgress | undefined;
  #lostSources: readonly Failure[] = [];
  #snapshot: SnapshotReport | undefined;
  #walked = false;
  #flushFailed = false;

  constructor(request: RunRequest, pool: IngestPool, parts: RunParts) {
    const { plan, half, claims, outputs, recorder, records } = parts;
    const { engine, options, threads, begun } = request;
    this.#engine = engine;
    this.#half = half;
    this.#plan = plan;
    this.#threads = threads;
    this.#options = options;
    this.#begun = begun;
    this.#pool = pool;
    this.#claims = claims;
    this.#outputs = outputs;
    this.#recorder = recorder;
    this.#records = records;
    this.#tally = new Tally({
      onEntry: this.#guarded(options.onEntry),
      report: options.report ?? 'problems',
      onStored: this.#guarded(outputs.onStored(plan)),
      onEach: this.#guarded(outputs.onEach),
    });
    const setup: WorkerSetup = {
      mayBeTerminated: !isMainThread,
      store: half.worker,
      claims: claims.shared,
      seen: SeenFiles.sharedTable(),
      wantBlocks: recorder !== undefined,
      wantXattrs: options.xattrs ?? true,
      record: records?.setup,
      readAhead: readAheadLimits(options.readAhead, threads),
      stop: this.#stop.buffer as SharedArrayBuffer,
      nextWorker: new SharedArrayBuffer(4),
      ...this.#lanes.shared,
    };
    this.#pipeline = new Pipeline(pool, half, this.#tally, {
      setup,
      wantDigests: options.report === 'all' || outputs.wantDigests,
      batchFiles: options.batchFiles,
      stop: () => {
        Atomics.store(this.#stop, 0, 1);
        this.#cancelWalk.abort();
      },
      onNotice: this.#guarded(options.onNotice) ?? (() => {}),
      recorder,
      records,
    });
  }

  async run(): Promise<IngestReport> {
    const { signal } = this.#options;
    const onAbort = () => this.#pipeline.fail(interruption());
    try {
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      for (const text of this.#half.opened.notices) this.#pipeline.notice(text);
      this.#noticeRecords();
      this.#outputs.begin();
      await this.#walk();
      await this.#pipeline.drain();
      if (this.#pipeline.failure === undefined) await this.#completeTree();
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
      outputs: this.#outputs.files,
      signal: this.#cancelWalk.signal,
      ops: directoryOps(statusReader((await loadLibc())?.statx)),
    };
    this.#progress = this.#showProgress(surroundings);
    try {
      const intake = new WalkIntake(this.#pipeline, this.#recorder);
      const known = this.#records?.known;
      await walkSources(this.#plan, { ...surroundings, known }, intake);
      this.#walked = true;
    } catch (error) {
      if (!this.#cancelWalk.signal.aborted) this.#pipeline.fail(failed('cannot walk', error));
    } finally {
      this.#progress?.walkEnded();
    }
  }

  /** Lines for directories that hold what a record says, unless the whole tree does. */
  async #completeTree(): Promise<void> {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    recorder.same = await this.#records?.sameTree(this.#engine, recorder);
    if (recorder.same !== undefined) return;
    const left = await this.#pipeline.addLines(recorder.pending);
    this.#records?.addLinesAgain(left, recorder);
  }

  #showProgress(surroundings: WalkSurroundings & { ops: DirectoryOps }): RunProgress | undefined {
    const onProgress = this.#guarded(this.#options.onProgress);
    if (onProgress === undefined) return undefined;
    const mayCount = (this.#options.countAhead ?? true) && canCount(this.#plan);
    const count = (signal: AbortSignal) =>
      countSources(this.#plan, { ...surroundings, signal }, this.#records?.counts());
    return new RunProgress({
      onProgress,
      pipeline: this.#pipeline,
      tally: this.#tally,
      lanes: this.#lanes,
      begun: this.#begun,
      count: mayCount ? count : undefined,
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
    const { damagedBlocks } = this.#pipeline.cost;
    const flushFailed = this.#flushFailed || isFlushFailure(cause);
    this.#records?.close({ flushFailed, damagedBlocks });
    this.#noticeRecords();
    const ended = this.#half.end(cause === undefined ? 'done' : 'failed');
    cause = (await ended.catch(asError)) ?? cause;
    cause ??= await this.#orFailure(() => this.#outputs.finish(this.#options.signal));
    this.#progress?.show();
    cause ??= this.#pipeline.failure;
    const report = this.#report();
    const end = { report, cause, walked: this.#walked, takenBack: this.#tally.isTakenBack };
    const unwritten = await this.#orFailure(() => this.#outputs.end(end));
    cause ??= unwritten;
    if (cause === undefined) return await this.#removeSources(report);
    if (this.#options.removeSource) this.#pipeline.notice(NOTHING_REMOVED);
    if (!isIngotError(cause)) throw cause;
    throw new IngestError(cause.toFailure(), report, cause);
  }

  async #removeSources(report: IngestReport): Promise<IngestReport> {
    if (!this.#options.removeSource) return report;
    const { removeSources } = await import('./remove-sources.ts');
    const notice = (text: string) => this.#pipeline.notice(text);
    const { sources } = this.#plan;
    const record = this.#records?.finished;
    const parts = { engine: this.#engine, sources, record, options: this.#options, notice };
    return await removeSources(parts, report);
  }

  /** Gives why the run has failed, if it has. */
  async #flush(): Promise<Error | undefined> {
    const cause = this.#pipeline.failure;
    try {
      this.#flushFailed = this.#pipeline.flushFailed;
      if (this.#flushFailed) this.#tally.takeBack();
      else await this.#half.flush(this.#options.signal);
    } catch (error) {
      this.#tally.takeBack();
      if (error === this.#options.signal?.reason) return cause ?? interruption();
      this.#flushFailed = true;
      if (cause === undefined || yieldsToFlushFailure(cause)) return asError(error);
    }
    return cause;
  }

  async #makeSnapshot(): Promise<void> {
    this.#tally.assertComplete(this.#pipeline.entriesFound);
    const recorder = this.#recorder;
    if (recorder === undefined) return this.#requireKept();
    const { makeSnapshot } = await import('./snapshot-maker.ts');
    const facts = { lost: this.#lostSources.length, bytesStored: this.#tally.bytesStored };
    const shared = { engine: this.#engine, half: this.#half, plan: this.#plan };
    const parts = { ...shared, recorder, records: this.#records, options: this.#options };
    const made = await makeSnapshot(parts, facts);
    this.#snapshot = made.report;
    this.#records?.finish(made);
  }

  async #requireKept(): Promise<void> {
    const { requireKept } = await import('./require-kept.ts');
    const parts = { engine: this.#engine, half: this.#half, claims: this.#claims };
    await requireKept(parts, this.#options.signal);
  }

  #noticeRecords(): void {
    for (const text of this.#records?.takeNotices() ?? []) this.#pipeline.notice(text);
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
      resumed: this.#records?.resumed,
      flushes: this.#half.flushes,
      threads: this.#threads,
      wallMs: performance.now() - this.#begun,
    });
  }

  #guarded<Args extends unknown[]>(call: ((...args: Args) => void) | undefined) {
    return guarded(call, (error) => this.#pipeline.fail(error));
  }
}

const NOTHING_REMOVED = 'nothing is removed of the sources: the run did not end well';
const ALL_EXCLUDED = 'the exclude patterns leave out everything: nothing is stored';
