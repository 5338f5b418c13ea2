/** What a disk can do for a store, tried out in a moment. */

import fs from 'node:fs';
import { join } from 'node:path';
import {
  abortSignal,
  type Checks,
  callback,
  countOf,
  positive,
  requireOptions,
} from '../checked.ts';
import { failed } from '../errors.ts';
import { denialOf } from '../files/denied.ts';
import { diskFullHint } from '../files/disk-full.ts';
import { fileSystemStats } from '../files/disk-space.ts';
import { type Libc, loadLibc } from '../native/libc.ts';
import { withoutLibc } from '../native/load-koffi.ts';
import { engineAt } from '../store/engines.ts';
import type { Engine } from '../store/seam/engine.ts';
import { notOffered } from '../store/seam/refusals.ts';
import type { ProbePlace } from '../store/seam/upkeep.ts';
import { Pool } from '../threads/pool.ts';
import { checkedThreads, threadCount } from '../threads/thread-count.ts';
import { advise } from './advise.ts';
import { barrierAt } from './barrier-at.ts';
import { Budget } from './budget.ts';
import { countObjects } from './count-objects.ts';
import type { FlushRequest, FlushSample } from './flush-messages.ts';
import { FlushProbe } from './flushes.ts';
import { intakeOf } from './intake.ts';
import { ProbeProcess } from './probe-process.ts';
import type { RateReply, RateTask } from './rate-task.ts';
import { RateProbe } from './rates.ts';
import type { ReadRequest, ReadSample } from './read-messages.ts';
import { canDrop, notRead, type ReadFigures, ReadProbe } from './reads.ts';
import { probeReflink } from './reflink.ts';
import type { DoctorReport, ExistingStore, Figures, RateFigures } from './report.ts';
import { type Room, roomAt } from './room.ts';

export interface DoctorOptions {
  /** The most threads to try. Default: the processors. */
  readonly threads?: number | undefined;
  /** How many objects the store shall hold: for the advice on its layout. */
  readonly expectedObjects?: number | undefined;
  /** How long to try, in ms; starting and cleaning up come on top of it. Default: 15,000. */
  readonly budgetMs?: number | undefined;
  /** Called with the probe that comes next. */
  readonly onProbe?: ((probe: ProbeName) => void) | undefined;
  /** Ends the probes; everything is removed, and the call throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const CHECKS: Checks<DoctorOptions> = {
  threads: threadCount,
  expectedObjects: countOf('expected objects', 0),
  budgetMs: positive('a time in ms above 0'),
  onProbe: callback,
  signal: abortSignal,
};

export type ProbeName = 'reflink' | 'objects' | 'rates' | 'reads' | 'fsync' | 'syncfs';

/** With a start, a last flush and a removal on a slow disk it stays below 20 s. */
const BUDGET_MS = 15_000;
/** Parts of the budget. */
const PARTS = { objects: 0.07, rates: 0.33, reads: 0.16, flushes: 0.42 };

/**
 * Tries out the disk of a store, or where one would be made: it creates none, and what it writes
 * is gone when it returns. Takes about 10 s, below 20 s on a slow disk, too.
 *
 * Throws an IngotError or UsageError when nothing can be written there or the disk fails.
 */
export async function doctor(path: string, options: DoctorOptions = {}): Promise<DoctorReport> {
  return doctorAt(engineAt(path), options);
}

/** `doctor` with the engine to use. */
export async function doctorAt(engine: Engine, options: DoctorOptions = {}): Promise<DoctorReport> {
  const begun = performance.now();
  requireOptions(options, CHECKS);
  const threads = checkedThreads(options.threads);
  const signal = options.signal ?? new AbortController().signal;
  const libc = await loadLibc();
  signal.throwIfAborted();
  if (engine.openProbePlace === undefined)
    throw notOffered('probe the disk of this store', engine.address);
  const place = await engine.openProbePlace();
  let figures: Figures | undefined;
  try {
    figures = await new Examination(engine, place, libc, { ...options, threads, signal }).run();
  } catch (error) {
    const { directory } = place;
    const hint = diskFullHint(error, directory);
    const denial = denialOf(error, directory);
    throw failed('cannot probe the disk', error, { path: directory, hint, ...denial });
  } finally {
    place.close(figures !== undefined);
  }
  const advice = advise(figures);
  return {
    store: engine.address,
    probedIn: place.directory,
    swept: place.swept,
    ...figures,
    intake: intakeOf(figures, advice.threads.value, advice.barrier.value),
    advice,
    wallMs: performance.now() - begun,
  };
}

type Reader = ProbeProcess<ReadRequest, ReadSample>;

class Examination {
  readonly #engine: Engine;
  readonly #place: ProbePlace;
  readonly #libc: Libc | undefined;
  readonly #options: DoctorOptions;
  readonly #threads: number;
  readonly #signal: AbortSignal;
  readonly #budget: Budget;
  readonly #room: Room;

  constructor(
    engine: Engine,
    place: ProbePlace,
    libc: Libc | undefined,
    options: DoctorOptions & { readonly threads: number; readonly signal: AbortSignal },
  ) {
    this.#engine = engine;
    this.#place = place;
    this.#libc = libc;
    this.#options = options;
    this.#threads = options.threads;
    this.#signal = options.signal;
    this.#budget = new Budget(options.budgetMs ?? BUDGET_MS);
    this.#room = roomAt(place.folder);
  }

  async run(): Promise<Figures> {
    const { kind, folder } = this.#place;
    const fileSystem = fileSystemStats(folder);
    const barrier = barrierAt(this.#place);
    this.#begin('reflink');
    const reflink = probeReflink(folder);
    this.#begin('objects');
    const existing = await this.#countObjects();
    const measured = await this.#measure(barrier.value === 'syncfs');
    return {
      kind,
      existing,
      fileSystem,
      blockBytes: this.#room.blockBytes,
      probeFiles: this.#room.files,
      libcObstacle: this.#libc === undefined ? withoutLibc() : undefined,
      barrier,
      reflink,
      ...measured,
      expectedObjects: this.#options.expectedObjects,
    };
  }

  /** Undefined where there is no store. */
  async #countObjects(): Promise<ExistingStore | undefined> {
    const { layout } = this.#place;
    if (layout === undefined) return undefined;
    const part = this.#budget.part(PARTS.objects);
    return countObjects(await this.#engine.openReader('objects'), layout, part, this.#signal);
  }

  #begin(probe: ProbeName): void {
    this.#signal.throwIfAborted();
    this.#options.onProbe?.(probe);
  }

  /**
   * The rates come first: an ext4 without a journal is slow at making files where the fsyncs have
   * just removed some. syncfs comes last: it may take all the time that is left.
   */
  async #measure(withSyncfs: boolean): Promise<Pick<Figures, 'flushes' | 'rates' | 'reads'>> {
    // Both start while the rates are measured.
    const flusher = new ProbeProcess<FlushRequest, FlushSample>('flush', this.#make('flushes'));
    const reader = this.#startReader();
    try {
      const probe = new FlushProbe(flusher, this.#room.files, this.#budget, this.#signal);
      this.#begin('rates');
      const rates = await this.#rates();
      // What is removed before it was written need not be flushed.
      await fs.promises.rm(this.#ratesFolder, { recursive: true });
      this.#begin('reads');
      const reads = await this.#reads(reader);
      this.#begin('fsync');
      await probe.settle();
      const fsyncs = await probe.fsyncs();
      this.#begin('syncfs');
      const syncfs = withSyncfs ? await probe.syncfs() : {};
      return { flushes: { ...fsyncs, ...syncfs }, rates, reads };
    } finally {
      await Promise.all([flusher.stop(), reader?.stop()]);
    }
  }

  /** A folder for one probe. */
  #make(name: string): string {
    const folder = join(this.#place.folder, name);
    fs.mkdirSync(folder);
    return folder;
  }

  /** Undefined where nothing can be dropped from the page cache. */
  #startReader(): Reader | undefined {
    if (this.#libc === undefined || !canDrop(this.#libc.files)) return undefined;
    return new ProbeProcess('read', this.#make('reads'));
  }

  /** The files stay until all is removed: see the rates. */
  async #reads(reader: Reader | undefined): Promise<ReadFigures> {
    if (reader === undefined) return notRead('the C library cannot be called');
    const budget = this.#budget.part(PARTS.reads, PARTS.flushes);
    return await new ReadProbe(reader, this.#room.files, budget, this.#signal).run();
  }

  get #ratesFolder(): string {
    return join(this.#place.folder, 'rates');
  }

  async #rates(): Promise<RateFigures> {
    fs.mkdirSync(this.#ratesFolder);
    const pool = new Pool<RateTask, RateReply>('doctor-worker', this.#threads);
    try {
      const probe = new RateProbe(pool, this.#ratesFolder, this.#room.files, this.#signal);
      return await probe.run(this.#budget.part(PARTS.rates));
    } finally {
      await pool.close();
    }
  }
}
