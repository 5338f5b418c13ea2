/** How long a disk takes to make things durable. */
import type { Budget } from './budget.ts';
import type { FlushKind, FlushRequest, FlushSample } from './flush-messages.ts';
import type { ProbeProcess } from './probe-process.ts';
import { type Spread, spreadOf } from './spread.ts';

export interface FlushFigure {
  readonly ms: Spread;
  /** How many new files one flush made durable. */
  readonly files: number;
}

export interface FlushFigures {
  readonly fsyncFile?: FlushFigure | undefined;
  readonly fsyncDirectory?: FlushFigure | undefined;
  /** Side by side, as the fsync barrier of an ingest does. */
  readonly fsyncGroup?: FlushFigure | undefined;
  /** The first syncfs also writes what other programs had left unwritten. */
  readonly syncfsFirst?: FlushFigure | undefined;
  readonly syncfsFile?: FlushFigure | undefined;
  /** As the syncfs barrier of an ingest does. */
  readonly syncfsGroup?: FlushFigure | undefined;
  /** The flush that did not end in time; those that come after it were not probed. */
  readonly unfinished?: UnfinishedFlush | undefined;
}

export interface UnfinishedFlush {
  readonly kind: FlushKind;
  readonly waitedMs: number;
}

/** The parts of the budget. */
const PARTS: Readonly<Record<FlushKind, number>> = {
  fsyncFile: 0.08,
  fsyncDirectory: 0.05,
  fsyncGroup: 0.08,
  syncfsFile: 0.05,
  syncfsGroup: 0.13,
};
/** An fsync that takes longer leaves no time for the other probes. */
const LONGEST_FSYNC = 0.2;
/** How long the last flush may go on after the budget: one that ends by then is only slow. */
const PATIENCE_MS = 2000;
/** Enough for a median; a disk in memory would give thousands. */
const MAX_SAMPLES = 200;
/** What an ingest flushes at once: open temps for the one, some batches for the other. */
const GROUP = { fsync: 128, syncfs: 1000 };
/** There has to be time for some of them. */
const FSYNC_GROUPS = 3;
/** fsyncs that run at once: libuv's threads, unless the user set another number. */
const SIDE_BY_SIDE = 4;

type Flusher = Pick<ProbeProcess<FlushRequest, FlushSample>, 'ask'>;

/** What is probed in a row, until one flush does not end in time. */
export class FlushProbe {
  readonly #flusher: Flusher;
  readonly #budget: Budget;
  readonly #signal: AbortSignal;
  readonly #maxFiles: number;
  #unfinished: UnfinishedFlush | undefined;

  /** `maxFiles` is what there is room for. */
  constructor(flusher: Flusher, maxFiles: number, budget: Budget, signal: AbortSignal) {
    this.#flusher = flusher;
    this.#maxFiles = maxFiles;
    this.#budget = budget;
    this.#signal = signal;
  }

  /**
   * One fsync that is no figure: it writes what the probes before have left in the journal. It may
   * take all that is left of the budget. Throws an IngotError.
   */
  async settle(): Promise<void> {
    const limitMs = Math.max(this.#budget.leftMs, PATIENCE_MS);
    const request = { kind: 'fsyncFile', files: 1 } as const;
    const sample = await this.#flusher.ask(request, limitMs, this.#signal);
    if (sample === 'unfinished') this.#unfinished = { kind: 'fsyncFile', waitedMs: limitMs };
  }

  /** fsync(2) in all its uses. Throws an IngotError. */
  async fsyncs(): Promise<FlushFigures> {
    const fsyncFile = await this.#sample('fsyncFile', 1);
    const fsyncDirectory = await this.#sample('fsyncDirectory', 1);
    const inMs = (this.#budget.totalMs * PARTS.fsyncGroup) / FSYNC_GROUPS;
    const files = fsyncGroupSize(fsyncFile?.ms.median ?? inMs, inMs);
    const fsyncGroup = await this.#sample('fsyncGroup', files);
    return { fsyncFile, fsyncDirectory, fsyncGroup, unfinished: this.#unfinished };
  }

  /** syncfs(2), which may take all that is left of the budget. Throws an IngotError. */
  async syncfs(): Promise<FlushFigures> {
    const syncfsFirst = await this.#sample('syncfsFile', 1, 1);
    const syncfsFile = await this.#sample('syncfsFile', 1);
    const syncfsGroup = await this.#sample('syncfsGroup', GROUP.syncfs);
    return { syncfsFirst, syncfsFile, syncfsGroup, unfinished: this.#unfinished };
  }

  async #sample(
    kind: FlushKind,
    files: number,
    maxSamples = MAX_SAMPLES,
  ): Promise<FlushFigure | undefined> {
    const part = this.#budget.part(PARTS[kind]);
    const taken: FlushSample[] = [];
    const request = { kind, files: Math.min(files, this.#maxFiles) };
    while (this.#unfinished === undefined && !part.isSpent && taken.length < maxSamples) {
      const { leftMs, totalMs } = this.#budget;
      const wantedMs = isSyncfs(kind) ? leftMs : Math.min(totalMs * LONGEST_FSYNC, leftMs);
      const limitMs = Math.max(wantedMs, PATIENCE_MS);
      const sample = await this.#flusher.ask(request, limitMs, this.#signal);
      if (sample === 'unfinished') this.#unfinished = { kind, waitedMs: limitMs };
      else taken.push(sample);
    }
    return figureOf(taken);
  }
}

/** How many files a disk flushes by fsyncs side by side in `inMs`, if one takes `fsyncFileMs`. */
export function fsyncGroupSize(fsyncFileMs: number, inMs: number): number {
  const inTime = Math.floor((inMs / fsyncFileMs) * SIDE_BY_SIDE);
  return Math.min(GROUP.fsync, Math.max(SIDE_BY_SIDE, inTime));
}

/** A group that was slow to make has fewer files: the smallest stands for all. */
function figureOf(samples: readonly FlushSample[]): FlushFigure | undefined {
  if (samples.length === 0) return undefined;
  const files = Math.min(...samples.map((sample) => sample.files));
  return { ms: spreadOf(samples.map(({ ms }) => ms)), files };
}

function isSyncfs(kind: FlushKind): boolean {
  return kind === 'syncfsFile' || kind === 'syncfsGroup';
}
