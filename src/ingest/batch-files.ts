import type { OpenAt } from '../native/libc.ts';
import { LongPaths } from './long-paths.ts';
import { type PackedFiles, unpack } from './packed-files.ts';
import { SourceDirectory } from './source-directory.ts';

/** The files of a batch, one after the other. The directory of the current one is open. */
export class BatchFiles {
  readonly #found: readonly PackedFiles[];
  readonly #openAt: OpenAt | undefined;
  readonly #long: LongPaths;
  #directories = 0;
  #directory: SourceDirectory | undefined;
  #names: readonly string[] = [];
  #next = 0;
  /** Of the current file, in the batch. */
  index = -1;

  constructor(found: readonly PackedFiles[], openAt: OpenAt | undefined) {
    this.#found = found;
    this.#openAt = openAt;
    this.#long = new LongPaths(openAt);
  }

  /** Goes on to the next file; false after the last one. */
  advance(): boolean {
    while (this.#next === this.#names.length) {
      if (this.#directories === this.#found.length) return false;
      this.#directory?.close();
      const found = unpack(this.#found[this.#directories++]!);
      this.#directory = new SourceDirectory(found, this.#openAt, this.#long);
      this.#names = found.names;
      this.#next = 0;
    }
    this.#next++;
    this.index++;
    return true;
  }

  get path(): string {
    return this.#directory!.pathOf(this.#name);
  }

  /** Throws what open(2) fails with. */
  open(): number {
    return this.#directory!.open(this.#name);
  }

  /** Closes the directories; files are the caller's to close. */
  close(): void {
    this.#directory?.close();
    this.#long.close();
  }

  get #name(): string {
    return this.#names[this.#next - 1]!;
  }
}
