import { joinPath } from '../../names.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import { type PackedFiles, Packer, pathsOf, unpack } from '../packed-files.ts';
import type { LeftLarge } from './left-files.ts';

/** Enough that a task's overhead and its share of a barrier vanish beside its files. */
export const BATCH_FILES = 4_000;
/** A batch this small is worth starting when a worker has nothing to do. */
const MIN_BATCH_FILES = 64;
/**
 * The most characters in the paths of its directories: deep down each is far longer than its files'
 * names.
 */
const BATCH_PATH_CHARACTERS = 4 << 20;
/** Batches that wait for a worker; with those in flight all that is held of the walk. */
const MAX_WAITING = 4;
/** Large files that wait; each is a name and its directory. */
const MAX_LARGE_WAITING = 1_000;

/** Files for one batch task. */
export interface Batch {
  readonly type: 'batch';
  readonly files: PackedFiles;
}

export interface LargeFile extends LeftLarge {
  readonly type: 'large';
}

/** What waits for a worker. Bounded: the walk stands still while `isFull`. */
export class WorkQueue {
  readonly #maxFiles: number;
  #batchFiles: number;
  readonly #filling = new Packer();
  #batches: PackedFiles[] = [];
  #large: LargeFile[] = [];
  /** Large files with several names. */
  readonly #reading = new Set<string>();

  constructor(maxFiles = BATCH_FILES) {
    this.#maxFiles = maxFiles;
    this.#batchFiles = maxFiles;
  }

  get isFull(): boolean {
    return this.#batches.length >= MAX_WAITING || this.#large.length >= MAX_LARGE_WAITING;
  }

  /** Adds files of one directory; a batch takes them from several and splits large ones. */
  add(found: FoundFiles): void {
    const { names, known } = found;
    if (known !== undefined) this.#addWhole(found);
    for (let at = 0; at < names.length; ) {
      const taken = names.slice(at, at + this.#batchFiles - this.#filling.count);
      this.#filling.add({ ...found, names: taken });
      at += taken.length;
      if (this.#isFilled) this.#closeBatch();
    }
  }

  /** One whose names a record has is not split. */
  #addWhole(found: FoundFiles): void {
    this.#filling.add(found);
    if (this.#isFilled) this.#closeBatch();
  }

  addLarge(large: LeftLarge): void {
    this.#large.push({ type: 'large', ...large });
  }

  /** A large file has ended: another name of it may be next. */
  endLarge({ identity }: LargeFile): void {
    if (identity !== undefined) this.#reading.delete(identity);
  }

  /** Puts back the rest of a batch, before what came after it. */
  putBack(files: PackedFiles): void {
    if (files.bytes.length > 0) this.#batches.unshift(files);
  }

  /**
   * No more will be added: what waits is cut anew into `shares` batches, so that the workers come
   * to their end together and the last barrier has little to flush.
   */
  endOfWalk(shares: number): void {
    this.#closeBatch();
    const waiting = this.#batches;
    const even = Math.ceil(waiting.reduce((sum, { count }) => sum + count, 0) / shares);
    this.#batchFiles = Math.min(this.#maxFiles, Math.max(MIN_BATCH_FILES, even));
    this.#batches = [];
    for (const packed of waiting) for (const found of unpack(packed)) this.add(found);
    this.#closeBatch();
  }

  /**
   * Takes the next piece of work. Large files go first: started last, one would keep a single
   * worker busy at the end. A hungry pool is given a batch before it is full.
   */
  next(allow: { large: boolean; hungry: boolean }): Batch | LargeFile | undefined {
    const large = allow.large ? this.#nextLarge() : undefined;
    if (large !== undefined) return large;
    if (allow.hungry && this.#batches.length === 0 && this.#filling.count >= MIN_BATCH_FILES)
      this.#closeBatch();
    const files = this.#batches.shift();
    return files && { type: 'batch', files };
  }

  /** None by another name of one that is being read: it need not be read then. */
  #nextLarge(): LargeFile | undefined {
    const at = this.#large.findIndex(
      ({ identity }) => identity === undefined || !this.#reading.has(identity),
    );
    if (at < 0) return undefined;
    const [large] = this.#large.splice(at, 1);
    if (large!.identity !== undefined) this.#reading.add(large!.identity);
    return large;
  }

  /** Empties the queue and gives the paths that nobody will work on. */
  clear(): string[] {
    this.#closeBatch();
    const paths = [
      ...this.#batches.flatMap((packed) => pathsOf(packed)),
      ...this.#large.map(({ file }) => joinPath(file.directory, file.name)),
    ];
    this.#batches = [];
    this.#large = [];
    return paths;
  }

  get #isFilled(): boolean {
    const { count, pathCharacters } = this.#filling;
    return count >= this.#batchFiles || pathCharacters >= BATCH_PATH_CHARACTERS;
  }

  #closeBatch(): void {
    if (!this.#filling.isEmpty) this.#batches.push(this.#filling.take());
  }
}
