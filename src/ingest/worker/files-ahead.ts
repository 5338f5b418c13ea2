import { type AskCalls, askOpen } from '../../read-ahead/ask-open.ts';
import { type AheadBounds, BatchAhead } from '../../read-ahead/batch-ahead.ts';
import { countOf } from '../../sources/found-files.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { SourceDirectory } from '../../sources/source-directory.ts';
import type { CostMeter } from '../task-cost.ts';
import { SMALL_FILE_BYTES } from './small-files.ts';
import type { DirectoryInBatch, Upcoming } from './upcoming.ts';

export interface AheadContext extends AheadBounds, AskCalls {}

/**
 * Asks the kernel to read the next files of a batch, so that the disk has many requests at a time.
 * Nothing is kept: each is opened as for reading, and closed at once.
 */
export class FilesAhead {
  readonly #upcoming: Upcoming;
  readonly #context: AheadContext;
  readonly #meter: CostMeter;
  readonly #batch: BatchAhead;
  /** The directory that it is in. */
  #at: DirectoryInBatch | undefined;

  /** `count`: of all entries of the batch. */
  constructor(upcoming: Upcoming, count: number, context: AheadContext, meter: CostMeter) {
    this.#upcoming = upcoming;
    this.#context = context;
    this.#meter = meter;
    this.#batch = new BatchAhead(count, context, meter);
  }

  /** Before the entry of this index is begun, which lies in `directory`. */
  before(index: number, directory: DirectoryInBatch): void {
    if (this.#context.files.willNeed === undefined || !this.#batch.isDue(index)) return;
    if (this.#batch.next === index) this.#at = directory;
    const { ahead } = this.#meter;
    const before = ahead.ms;
    try {
      this.#batch.row(index, (end) => this.#ask(end));
    } finally {
      this.#meter.readMs += ahead.ms - before;
    }
  }

  /** As of BatchAhead. */
  begins(): number {
    return this.#batch.begins();
  }

  /** The same. */
  wasRead(index: number, bytes: number, at: number): void {
    this.#batch.wasRead(index, bytes, at);
  }

  /** Up to this index, or until enough bytes are under way. */
  #ask(end: number): void {
    const batch = this.#batch;
    const long = new LongPaths(this.#context.files);
    try {
      while (batch.next < end && batch.hasRoom && this.#enter()) this.#askIn(end, long);
    } finally {
      long.close();
    }
  }

  /** Goes on to the directory of the next file; false behind the last one. */
  #enter(): boolean {
    for (;;) {
      const { found, directory, first } = this.#at!;
      const end = first + countOf(found);
      if (this.#batch.next < end) return true;
      const following = this.#upcoming.at(directory + 1);
      if (following === undefined) return false;
      this.#at = { found: following, directory: directory + 1, first: end };
    }
  }

  #askIn(end: number, long: LongPaths): void {
    const { found, first } = this.#at!;
    const batch = this.#batch;
    const last = first + countOf(found);
    if (found.known !== undefined || found.areLinks) {
      // What a record knows is rarely read, and links are not.
      batch.next = last;
      return;
    }
    const context = this.#context;
    const source = new SourceDirectory(found, context.files, long);
    const ask = (index: number) =>
      askOpen(source.openAtOnce(found.names[index - first]!), SMALL_FILE_BYTES, context);
    try {
      while (batch.next < Math.min(end, last) && batch.hasRoom) batch.one(ask);
    } finally {
      source.close();
    }
  }
}
