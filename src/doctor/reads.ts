/** How many small files a disk reads a second, by how many are asked for at a time. */
import type { Files } from '../native/files.ts';
import { counted, duration, latency } from '../units.ts';
import type { Budget } from './budget.ts';
import type { ProbeProcess } from './probe-process.ts';
import type { ReadRequest, ReadSample } from './read-messages.ts';
import { type Spread, spreadOf } from './spread.ts';

export interface ReadFigures {
  readonly fileBytes: number;
  /** From one request at a time to many; none where it could not be measured. */
  readonly byDepth: readonly DepthRate[];
  /** Why it could not be measured. */
  readonly obstacle?: string | undefined;
}

export interface DepthRate {
  /** Files that are asked for at a time. */
  readonly depth: number;
  readonly filesPerSecond: Spread;
}

/** Files that can be asked for, and dropped from the page cache. */
export type DroppingFiles = Files & Required<Pick<Files, 'willNeed' | 'drop'>>;

export function canDrop(files: Files): files is DroppingFiles {
  return files.willNeed !== undefined && files.drop !== undefined;
}

export function notRead(obstacle: string): ReadFigures {
  return { fileBytes: READ_FILE_BYTES, byDepth: [], obstacle };
}

/** A usual small file. It fits into what the room sets aside for a file. */
export const READ_FILE_BYTES = 32 << 10;

/** In this order: a slow disk has time for the first ones only, and the deepest shows what it gains. */
const DEPTHS = [1, 64, 8, 32, 16, 4, 2];
/** Enough to be read by all depths without one being read twice, on most disks. */
const MAX_FILES = 2048;
/** With fewer the deepest never has all of its requests under way. */
const MIN_FILES = 64;
/** Parts of the budget: making the files, and each reading that shows whether memory holds them. */
const PARTS = { make: 0.35, compare: 0.05 };
const ROUNDS = 3;
/** All depths together take as long as so many times the first, at least 2 and at most 7. */
const ROUND = 4;
/** How long the last request may go on after the budget. */
const PATIENCE_MS = 2000;

/** What a file takes that memory holds, at most: an ingest asks for none ahead that is read so fast. */
const MEMORY_MS = 0.06;
/** A disk takes longer than memory by more than measurements differ, and the processor's caches help. */
const LONGER = 1.75;

const NO_TIME = 'the time that there was is too short';

export class ReadProbe {
  readonly #reader: Pick<ProbeProcess<ReadRequest, ReadSample>, 'ask'>;
  readonly #maxFiles: number;
  readonly #budget: Budget;
  readonly #signal: AbortSignal;

  /** `maxFiles` is what there is room for. */
  constructor(
    reader: Pick<ProbeProcess<ReadRequest, ReadSample>, 'ask'>,
    maxFiles: number,
    budget: Budget,
    signal: AbortSignal,
  ) {
    this.#reader = reader;
    this.#maxFiles = maxFiles;
    this.#budget = budget;
    this.#signal = signal;
  }

  /** Throws an IngotError. */
  async run(): Promise<ReadFigures> {
    const found = await this.#measure();
    return typeof found === 'string'
      ? notRead(found)
      : { fileBytes: READ_FILE_BYTES, byDepth: found };
  }

  /** Gives the obstacle where there is one. */
  async #measure(): Promise<DepthRate[] | string> {
    const { totalMs } = this.#budget;
    if (this.#maxFiles < MIN_FILES)
      return `there is room for ${counted(this.#maxFiles, 'file')} only`;
    if (this.#budget.isSpent) return NO_TIME;
    const most = Math.min(MAX_FILES, this.#maxFiles);
    const made = await this.#ask('make', most, totalMs * PARTS.make);
    if (typeof made === 'string') return made;
    if (made.refused !== undefined)
      return `what the page cache holds cannot be dropped: posix_fadvise is refused (${made.refused})`;
    // In which the code of the process is compiled: not counted.
    const warmUp = await this.#readTwice();
    if (typeof warmUp === 'string') return warmUp;
    const pair = await this.#readTwice();
    if (typeof pair === 'string') return pair;
    const { first, again } = pair;
    if (isInMemory(first, again))
      return `files that were dropped from the page cache are read as fast as others (${latency(first.fileMs)} and ${latency(again.fileMs)} each): this disk is memory, or memory holds all of it`;
    // By their mean: on a busy machine some reads take much longer than the median.
    const fair = (this.#budget.leftMs / (ROUNDS * ROUND * first.ms)) * first.files;
    return await this.#rounds(Math.round(Math.min(made.files, Math.max(MIN_FILES, fair))));
  }

  /** Files that no cache holds, and the same when one does. */
  async #readTwice(): Promise<Record<'first' | 'again', ReadSample> | string> {
    const forMs = this.#budget.totalMs * PARTS.compare;
    const first = await this.#ask('read', MIN_FILES, forMs);
    if (typeof first === 'string') return first;
    const again = await this.#ask('again', MIN_FILES, forMs);
    return typeof again === 'string' ? again : { first, again };
  }

  /** Round after round, so that a disturbance of the machine meets all depths alike. */
  async #rounds(files: number): Promise<DepthRate[] | string> {
    const cells = DEPTHS.map((depth) => ({ depth, rates: [] as number[] }));
    for (let round = 0; round < ROUNDS; round++)
      for (const { depth, rates } of cells) {
        if (this.#budget.isSpent) break;
        const sample = await this.#ask('read', files, this.#budget.leftMs, depth);
        if (typeof sample === 'string') return sample;
        rates.push((sample.files / sample.ms) * 1000);
      }
    const measured = cells
      .filter(({ rates }) => rates.length > 0)
      .sort((a, b) => a.depth - b.depth);
    if (measured.length < 2) return NO_TIME;
    return measured.map(({ depth, rates }) => ({ depth, filesPerSecond: spreadOf(rates) }));
  }

  async #ask(
    kind: ReadRequest['kind'],
    files: number,
    forMs: number,
    depth = 1,
  ): Promise<ReadSample | string> {
    const limitMs = Math.max(this.#budget.leftMs, PATIENCE_MS);
    const sample = await this.#reader.ask({ kind, files, depth, forMs }, limitMs, this.#signal);
    if (sample !== 'unfinished') return sample;
    const what = kind === 'make' ? 'making files to read' : 'reading them';
    return `${what} did not end in ${duration(limitMs)}: the disk is very busy, very slow, or failing`;
  }
}

function isInMemory(first: ReadSample, again: ReadSample): boolean {
  return first.fileMs <= MEMORY_MS && first.fileMs < LONGER * again.fileMs;
}
