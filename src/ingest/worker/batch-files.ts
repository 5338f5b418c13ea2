import type { StatusReader } from '../../native/file-status.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { type ReadLink, SourceDirectory } from '../../sources/source-directory.ts';
import { type PackedFiles, unpack } from '../packed-files.ts';

/** The files of a batch, one after the other. The directory of the current one is open. */
export class BatchFiles {
  readonly #found: Iterator<FoundFiles>;
  readonly #files: Files;
  readonly #long: LongPaths;
  #directory: SourceDirectory | undefined;
  /** What the current file was found with. */
  found: FoundFiles | undefined;
  #names: readonly string[] = [];
  #next = 0;
  /** Of the current file, in the batch. */
  index = -1;

  constructor(packed: PackedFiles, files: Files) {
    this.#found = unpack(packed);
    this.#files = files;
    this.#long = new LongPaths(files);
  }

  /** Goes on to the next file; false after the last one. */
  advance(): boolean {
    while (this.#next === this.#names.length) {
      const { value: found, done } = this.#found.next();
      if (done) return false;
      this.found = found;
      this.#directory?.close();
      this.#directory = new SourceDirectory(found, this.#files, this.#long);
      this.#names = found.names;
      this.#next = 0;
    }
    this.#next++;
    this.index++;
    return true;
  }

  get path(): string {
    return this.#directory!.pathOf(this.name);
  }

  /** Throws what open(2) fails with. */
  open(): SourceFd {
    return this.#directory!.open(this.name);
  }

  /** Of a link: what it is. Throws as `open` does; undefined for what is no link. */
  readLink(status: StatusReader): ReadLink | undefined {
    return this.#directory!.readLink(this.name, status);
  }

  /** Closes the directory, which the next file opens again. */
  pause(): void {
    this.#directory?.close();
  }

  /** Closes the directories; files are the caller's to close. */
  close(): void {
    this.#directory?.close();
    this.#long.close();
  }

  get name(): string {
    return this.#names[this.#next - 1]!;
  }
}
