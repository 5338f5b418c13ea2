import { errnoOf, SHORTAGES } from '../../errors.ts';
import type { StatusReader } from '../../native/file-status.ts';
import type { Files } from '../../native/files.ts';
import type { Width } from '../../read-ahead/width.ts';
import { countOf } from '../../sources/found-files.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { SourceDirectory } from '../../sources/source-directory.ts';
import { closeSource, kindOf } from '../../sources/source-file.ts';
import type { CostMeter } from '../task-cost.ts';
import { SMALL_FILE_BYTES } from './small-files.ts';
import type { DirectoryInBatch, Upcoming } from './upcoming.ts';

/** How often it looks whether it is wanted, in entries. */
const LOOK_EVERY = 32;
/** Files that are read without it, to compare. */
const COMPARED = 64;

export interface AheadContext {
  readonly files: Files;
  readonly status: StatusReader;
  readonly width: Width;
  /** The most bytes that are asked for at a time. */
  readonly aheadBytes: number;
  /** True when the run ends early: what is not begun is given back. */
  stopped(): boolean;
}

/**
 * Asks the kernel to read the next files of a batch, so that the disk has many requests at a time.
 * Nothing is kept: each is opened as for reading, and closed at once. What fails here is passed
 * over, and reading says why.
 */
export class FilesAhead {
  readonly #upcoming: Upcoming;
  readonly #context: AheadContext;
  readonly #meter: CostMeter;
  /** The directory that it is in. */
  #at: DirectoryInBatch | undefined;
  /** The next file to ask for, by its index in the batch. */
  #next = 0;
  /** At which entry it has to look again. */
  #due = 0;
  readonly #count: number;
  /** Of each entry; made when the first is asked for. */
  #wasAsked: Uint8Array | undefined;
  /** In this step. */
  #bytes = 0;

  /** `count`: of all entries of the batch. */
  constructor(upcoming: Upcoming, count: number, context: AheadContext, meter: CostMeter) {
    this.#upcoming = upcoming;
    this.#count = count;
    this.#context = context;
    this.#meter = meter;
  }

  /** Before the entry of this index is begun, which lies in `directory`. */
  before(index: number, directory: DirectoryInBatch): void {
    if (index < this.#due) return;
    const { files: width, shallCompare } = this.#context.width;
    this.#due = index + LOOK_EVERY;
    if (width === 0 || this.#context.files.willNeed === undefined) return;
    this.#wasAsked ??= new Uint8Array(this.#count);
    if (this.#next <= index) {
      this.#at = directory;
      this.#next = index;
    }
    if (shallCompare) {
      this.#next += COMPARED;
      this.#context.width.compares();
    }
    this.#ask(index + width);
    // The disk is busy with the rest while the next ones are asked for.
    this.#due = index + Math.max(1, (this.#next - index) >> 1);
  }

  /** A file was read in so many milliseconds. */
  wasRead(index: number, ms: number, bytes: number): void {
    const wasAsked = this.#wasAsked?.[index] === 1;
    this.#context.width.read(ms, bytes, wasAsked);
    const part = wasAsked ? this.#meter.ahead : this.#meter.notAhead;
    part.files++;
    part.ms += ms;
  }

  /** Up to this index, or until enough bytes are under way. */
  #ask(end: number): void {
    const begun = performance.now();
    this.#bytes = 0;
    const long = new LongPaths(this.#context.files);
    try {
      while (this.#next < end && this.#hasRoom && this.#enter()) this.#askIn(end, long);
    } finally {
      long.close();
      const ms = performance.now() - begun;
      this.#meter.readMs += ms;
      this.#meter.ahead.ms += ms;
    }
  }

  get #hasRoom(): boolean {
    const { width, aheadBytes, stopped } = this.#context;
    return width.files > 0 && this.#bytes < aheadBytes && !stopped();
  }

  /** Goes on to the directory of the next file; false behind the last one. */
  #enter(): boolean {
    for (;;) {
      const { found, directory, first } = this.#at!;
      const end = first + countOf(found);
      if (this.#next < end) return true;
      const following = this.#upcoming.at(directory + 1);
      if (following === undefined) return false;
      this.#at = { found: following, directory: directory + 1, first: end };
    }
  }

  #askIn(end: number, long: LongPaths): void {
    const { found, first } = this.#at!;
    const last = first + countOf(found);
    if (found.known !== undefined || found.areLinks) {
      // What a record knows is rarely read, and links are not.
      this.#next = last;
      return;
    }
    const source = new SourceDirectory(found, this.#context.files, long);
    try {
      while (this.#next < Math.min(end, last) && this.#hasRoom) this.#askFor(source, this.#next++);
    } finally {
      source.close();
    }
  }

  #askFor(source: SourceDirectory, index: number): void {
    const { width } = this.#context;
    const { found, first } = this.#at!;
    const begun = performance.now();
    try {
      if (!this.#askOnce(source, found.names[index - first]!)) return;
      this.#wasAsked![index] = 1;
      width.asked(performance.now() - begun);
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      if (SHORTAGES.has(code)) width.end();
    }
  }

  /** False for what no batch reads. Throws what the calls fail with. */
  #askOnce(source: SourceDirectory, name: string): boolean {
    const { files, status } = this.#context;
    const fd = source.openAtOnce(name);
    try {
      const found = status.ofOpen(fd);
      if (kindOf(found) !== undefined || found.size > SMALL_FILE_BYTES) return false;
      if (found.size > 0) files.willNeed!(fd, 0, found.size);
      this.#bytes += found.size;
      return true;
    } finally {
      closeSource(files, fd);
    }
  }
}
