/**
 * Files with several names. The first one that goes changes the ctime of all: so they are judged
 * together, before any goes, and from then on each has to be what the last removal has made of it.
 * They come sorted, one file after the other, however many there are.
 */
import { toBytes, toFsPath } from '../../../names.ts';
import type { FileStatus } from '../../../native/file-status.ts';
import type { Files, SourceFd } from '../../../native/files.ts';
import type { FileEntry } from '../../../snapshot/entry.ts';
import { ExternalSort } from '../../../sort/external-sort.ts';
import type { Turns } from '../../../turns.ts';
import type { SourcePlace, SourcePlaces } from '../source-places.ts';
import type { Judge, RecordedStatus } from './judge.ts';
import { type RemovalCalls, removeName } from './remove-name.ts';
import { type OpenName, pathOf, type SourceDirectories } from './source-directories.ts';
import { changed, otherStays } from './stays.ts';
import type { Fate, RemovalTally } from './tally.ts';

export interface LinkedContext extends RemovalCalls {
  readonly files: Files;
  readonly places: SourcePlaces;
  readonly directories: SourceDirectories;
  readonly judge: Judge;
  readonly tally: RemovalTally;
  readonly turns: Turns;
}

/** One name of a file. */
interface LinkedName {
  readonly inTree: string;
  readonly size: number;
  /** Undefined where nothing proves what it was. */
  readonly recorded: RecordedStatus | undefined;
}

export class LinkedNames {
  readonly #context: LinkedContext;
  readonly #sort = new ExternalSort('cannot sort the names of hard links');

  constructor(context: LinkedContext) {
    this.#context = context;
  }

  /** One of a group. Throws an IngotError when there is no room to sort them. */
  add({ group, path, size }: FileEntry, recorded: RecordedStatus | undefined): void {
    const linked: LinkedName = { inTree: path, size, recorded };
    this.#sort.add(toBytes(`${group} ${path}`), Buffer.from(JSON.stringify(linked)));
  }

  /** Rejects as the turns do, between two names. */
  async removeAll(): Promise<void> {
    const { turns } = this.#context;
    let group: Buffer | undefined;
    let names: LinkedName[] = [];
    for (const { bytes, payloadAt, payloadLength } of this.#sort.sorted()) {
      const payload = bytes.subarray(payloadAt, payloadAt + payloadLength);
      const key = bytes.subarray(
        payloadAt + payloadLength,
        payloadAt + payloadLength + GROUP_BYTES,
      );
      if (group !== undefined && !key.equals(group)) {
        this.#removeGroup(names);
        names = [];
      }
      group = Buffer.from(key);
      names.push(JSON.parse(payload.toString()));
      if (turns.isDue()) await turns.take();
    }
    this.#removeGroup(names);
  }

  close(): void {
    this.#sort.close();
  }

  #removeGroup(names: readonly LinkedName[]): void {
    const fates = names.map((name) => this.#judge(name));
    const bad = fates.findIndex((fate) => fate !== undefined);
    if (bad < 0) this.#removeNames(names);
    else {
      const other = this.#pathOf(names[bad]!);
      for (const [at, name] of names.entries())
        this.#context.tally.file(fates[at] ?? otherStays(this.#pathOf(name), other), 0);
    }
  }

  /** Undefined for one that is what it was. */
  #judge({ inTree, recorded }: LinkedName): Fate | undefined {
    const { status, judge, directories } = this.#context;
    return directories.at(this.#placeOf(inTree), ({ directory, directoryPath, name, path }) => {
      const now = status.in(directory, toFsPath(name));
      if (now === undefined) return 'gone';
      if (recorded === undefined) return judge.whyNot(path, now, directoryPath);
      return judge.expected(recorded, directoryPath).isIt(now) ? undefined : changed(path);
    });
  }

  #removeNames(names: readonly LinkedName[]): void {
    const file = new LinkedFile(this.#context);
    let other: string | undefined;
    try {
      for (const [at, name] of names.entries()) {
        const isLast = at === names.length - 1;
        const fate =
          other === undefined
            ? this.#context.directories.at(this.#placeOf(name.inTree), (open) =>
                file.remove(open, name.recorded!),
              )
            : otherStays(this.#pathOf(name), other);
        if (typeof fate === 'object') other ??= fate.path;
        this.#context.tally.file(fate, isLast ? name.size : 0);
      }
    } finally {
      file.close();
    }
  }

  #placeOf(inTree: string): SourcePlace {
    return this.#context.places.find(inTree)!;
  }

  #pathOf({ inTree }: LinkedName): string {
    return pathOf(this.#placeOf(inTree));
  }
}

/** A file whose names go one after the other. */
class LinkedFile {
  readonly #calls: RemovalCalls & Pick<LinkedContext, 'files' | 'judge'>;
  /** The file itself, whatever becomes of its names. */
  #fd: SourceFd | undefined;
  /** What the last removal has made of it. */
  #now: FileStatus | undefined;

  constructor(calls: RemovalCalls & Pick<LinkedContext, 'files' | 'judge'>) {
    this.#calls = calls;
  }

  /** Throws what open(2) and fstat(2) fail with. */
  remove(name: OpenName, recorded: RecordedStatus): Fate {
    const { at, status, judge } = this.#calls;
    this.#fd ??= at.openEntry(name.directory, name.name);
    const expected = judge.expected(this.#now ?? recorded, name.directoryPath);
    const fate = removeName(this.#calls, name, expected);
    if (fate === 'removed') this.#now = status.ofOpen(this.#fd);
    return fate;
  }

  close(): void {
    if (this.#fd !== undefined) this.#calls.files.close(this.#fd);
  }
}

/** Of a digest in hexadecimal. */
const GROUP_BYTES = 64;
