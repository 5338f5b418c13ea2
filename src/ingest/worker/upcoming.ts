import type { FoundFiles } from '../../sources/found-files.ts';

/** Where a directory is in a batch. */
export interface PlaceInBatch {
  /** Of all directories. */
  readonly directory: number;
  /** The index of its first entry. */
  readonly first: number;
}

/** A directory of a batch. */
export interface DirectoryInBatch extends PlaceInBatch {
  readonly found: FoundFiles;
}

/** The directories of a batch, one after the other, and a look at those that come. */
export class Upcoming {
  readonly #found: Iterator<FoundFiles>;
  readonly #waiting: FoundFiles[] = [];
  /** Of all that have been taken. */
  #taken = 0;

  constructor(found: Iterator<FoundFiles>) {
    this.#found = found;
  }

  /** Undefined after the last one. */
  take(): FoundFiles | undefined {
    const found = this.at(this.#taken);
    this.#waiting.shift();
    this.#taken++;
    return found;
  }

  /** One that has not been taken, by its number among all; undefined behind the last one. */
  at(number: number): FoundFiles | undefined {
    while (this.#taken + this.#waiting.length <= number) {
      const { value, done } = this.#found.next();
      if (done) return undefined;
      this.#waiting.push(value);
    }
    return this.#waiting[number - this.#taken];
  }
}
