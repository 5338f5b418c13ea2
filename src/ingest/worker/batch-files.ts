import type { FileStatus, StatusReader } from '../../native/file-status.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { type ReadLink, SourceDirectory } from '../../sources/source-directory.ts';
import { type PackedFiles, unpack } from '../packed-files.ts';
import type { CostMeter } from '../task-cost.ts';
import { type AheadContext, FilesAhead } from './files-ahead.ts';
import { type DirectoryInBatch, type PlaceInBatch, Upcoming } from './upcoming.ts';
import type { NamesInRecord } from './whole-directories.ts';

/** What becomes of directories whose names a record has. */
export interface RecordedNames {
  /** True when all entries have ended. */
  takeWhole(found: FoundFiles, source: SourceDirectory, place: PlaceInBatch): boolean;
  /** As many as the record has, or fewer. */
  namesOf(found: FoundFiles, place: PlaceInBatch): NamesInRecord;
}

/** The files of a batch, one after the other. The directory of the current one is open. */
export class BatchFiles {
  readonly #upcoming: Upcoming;
  readonly #ahead: FilesAhead;
  readonly #files: Files;
  readonly #long: LongPaths;
  #directory: SourceDirectory | undefined;
  #place: DirectoryInBatch | undefined;
  /** What the current file was found with. */
  found: FoundFiles | undefined;
  #names: readonly string[] = [];
  #next = 0;
  /** Of the current file, in the batch. */
  index = -1;
  /** There is none after the current one. */
  areAllBegun = false;
  /** Of the current directory. */
  #directoryIndex = -1;
  /** Which of its names are links, where there are both. */
  #links: ReadonlySet<number> | undefined;
  /** Entries of the current directory that a record has, and that have no name. */
  #missing = 0;
  readonly #recorded: RecordedNames;

  constructor(
    packed: PackedFiles,
    context: AheadContext,
    meter: CostMeter,
    recorded: RecordedNames,
  ) {
    const { files } = context;
    this.#upcoming = new Upcoming(unpack(packed));
    this.#ahead = new FilesAhead(this.#upcoming, packed.count, context, meter);
    this.#files = files;
    this.#long = new LongPaths(files);
    this.#recorded = recorded;
  }

  /** Goes on to the next file; false after the last one. */
  advance(): boolean {
    while (this.#next === this.#names.length) {
      const found = this.#upcoming.take();
      if (found === undefined) {
        this.areAllBegun = true;
        return false;
      }
      this.found = found;
      this.#directory?.close();
      this.#directory = new SourceDirectory(found, this.#files, this.#long);
      this.#directoryIndex++;
      this.#links = undefined;
      this.index += this.#missing;
      this.#missing = 0;
      this.#next = 0;
      this.#place = { found, directory: this.#directoryIndex, first: this.index + 1 };
      this.#names = found.known === undefined ? found.names : this.#namesOf(this.#place);
    }
    this.#next++;
    this.index++;
    this.#ahead.before(this.index, this.#place!);
    return true;
  }

  /** None where the directory has ended as a whole. */
  #namesOf(place: DirectoryInBatch): readonly string[] {
    const { found } = place;
    if (this.#recorded.takeWhole(found, this.#directory!, place)) {
      this.index += found.known!.entries;
      return [];
    }
    const { names, links } = this.#recorded.namesOf(found, place);
    this.#links = new Set(links);
    this.#missing = found.known!.entries - names.length;
    return names;
  }

  /** The current name is that of a link. */
  get isLink(): boolean {
    return this.#links?.has(this.#next - 1) ?? this.found!.areLinks ?? false;
  }

  get path(): string {
    return this.#directory!.pathOf(this.name);
  }

  /** Throws what open(2) fails with. */
  open(): SourceFd {
    return this.#directory!.open(this.name);
  }

  /** The current file is about to be opened; gives the time. */
  begins(): number {
    return this.#ahead.begins();
  }

  /** It was read, and that ended at this time. */
  wasRead(bytes: number, at: number): void {
    this.#ahead.wasRead(this.index, bytes, at);
  }

  /** What the current name stands for; undefined when it is gone. Throws as `open` does. */
  look(status: StatusReader): FileStatus | undefined {
    return this.#directory!.look(this.name, status);
  }

  /** As of a SourceDirectory. */
  descriptor(): SourceFd | undefined {
    return this.#directory!.descriptor();
  }

  /** Which directory the current file is in. Throws as `open` does. */
  identity(status: StatusReader): FileStatus | undefined {
    return this.#directory!.identity(status);
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
