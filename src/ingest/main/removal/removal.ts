/** Removes from sources what a snapshot has, as far as it is still what it was. */
import { toFsPath } from '../../../names.ts';
import type { AtCalls } from '../../../native/at.ts';
import type { StatusReader } from '../../../native/file-status.ts';
import type { Files } from '../../../native/files.ts';
import type { FinishedRecord } from '../../../record/finished-record.ts';
import type { Entry, FileEntry, LinkEntry } from '../../../snapshot/entry.ts';
import { Devices } from '../../../sources/devices.ts';
import type { Source } from '../../../sources/walk/sources.ts';
import { Turns } from '../../../turns.ts';
import { type SourcePlace, SourcePlaces } from '../source-places.ts';
import { EmptiedDirectories } from './emptied-directories.ts';
import { Judge } from './judge.ts';
import { LinkedNames } from './linked-names.ts';
import { removeName } from './remove-name.ts';
import { type OpenName, SourceDirectories } from './source-directories.ts';
import type { Fate, RemovalTally } from './tally.ts';

export interface RemovalParts {
  readonly at: AtCalls;
  readonly files: Files;
  readonly status: Required<StatusReader>;
  readonly sources: readonly Source[];
  /** Of the run that has made the snapshot. */
  readonly record: Pick<FinishedRecord, 'begun' | 'enter' | 'find'>;
  readonly tally: RemovalTally;
  readonly signal: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onTurn?: (() => void) | undefined;
}

export class Removal {
  readonly #parts: RemovalParts;
  readonly #places: SourcePlaces;
  readonly #directories: SourceDirectories;
  readonly #judge: Judge;
  readonly #turns: Turns;
  readonly #linked: LinkedNames;
  readonly #emptied: EmptiedDirectories;

  constructor(parts: RemovalParts) {
    const { at, files, sources, record, signal, onTurn } = parts;
    this.#parts = parts;
    this.#places = new SourcePlaces(sources);
    this.#directories = new SourceDirectories(at, files);
    this.#judge = new Judge(record, new Devices());
    this.#turns = new Turns({ signal, onTurn });
    const context = {
      ...parts,
      ...{ places: this.#places, directories: this.#directories },
      ...{ judge: this.#judge, turns: this.#turns },
    };
    this.#linked = new LinkedNames(context);
    this.#emptied = new EmptiedDirectories(context);
  }

  /**
   * `entries`: of the snapshot, in their order. Rejects with the signal's reason between two entries;
   * throws an IngotError when there is no room to sort hard links, and what `entries` throw.
   */
  async remove(entries: AsyncIterable<Entry>): Promise<void> {
    try {
      await this.#turns.take();
      for await (const entry of entries) {
        this.#take(entry);
        if (this.#turns.isDue()) await this.#turns.take();
      }
      this.#emptied.leaveAll();
      await this.#linked.removeAll();
      await this.#emptied.removeLate();
    } finally {
      this.#linked.close();
      this.#emptied.close();
      this.#directories.close();
    }
  }

  #take(entry: Entry): void {
    this.#emptied.reach(entry.path);
    const place = this.#places.find(entry.path);
    if (place === undefined || entry.type === 'missing') return;
    if (entry.type === 'directory') {
      // What was named stays: it may be a mount, or be watched.
      if (place.rest !== '') this.#emptied.enter(entry);
    } else if (entry.type === 'file' && entry.group !== undefined) {
      this.#emptied.postpone();
      this.#linked.add(entry, this.#judge.find(entry));
    } else this.#remove(entry, place);
  }

  #remove(entry: FileEntry | LinkEntry, place: SourcePlace): void {
    const { tally } = this.#parts;
    const fate = this.#directories.at(place, (name) => this.#removeAt(name, entry));
    if (entry.type === 'file') tally.file(fate, entry.size);
    else tally.link(fate);
  }

  /** Throws what lstat(2) fails with. */
  #removeAt(name: OpenName, entry: FileEntry | LinkEntry): Fate {
    const { directory, directoryPath, path } = name;
    const recorded = this.#judge.find(entry);
    if (recorded !== undefined)
      return removeName(this.#parts, name, this.#judge.expected(recorded, directoryPath));
    const now = this.#parts.status.in(directory, toFsPath(name.name));
    return now === undefined ? 'gone' : this.#judge.whyNot(path, now, directoryPath);
  }
}
