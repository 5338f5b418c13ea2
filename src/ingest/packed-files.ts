import { joinPath } from '../names.ts';
import { countOf, type FoundFiles } from '../sources/found-files.ts';

/**
 * Files that wait for a worker, of one directory after the other, as bytes outside V8's heap: some
 * ten thousand are held at any time. As strings they would outlive the young generation, make it
 * grow with the length of the run, and be copied one by one to the worker.
 */
export interface PackedFiles {
  /** For each directory its paths, and its names: see Packer. */
  readonly bytes: Uint8Array;
  readonly encoding: BufferEncoding;
  readonly count: number;
}

/** The entries of a task. Paths are made only for those that are reported. */
export interface TaskEntries {
  readonly count: number;
  pathOf(index: number): string;
  /** Tells the names in directories that came without. */
  list(listed: readonly ListedDirectory[]): void;
}

/** The names in a directory of a task that came without. */
export interface ListedDirectory {
  /** Of all directories of the task. */
  readonly directory: number;
  readonly names: readonly string[];
  /** Which of them are links. */
  readonly links: readonly number[];
}

/** What no path holds. */
const BETWEEN_TEXTS = '\0';
/** What no name holds. */
const BETWEEN_NAMES = '/';
/** Before the names of links: no name begins so. */
const LINKS = BETWEEN_NAMES;
/** Before what is known of names that a record has: a number, and how many. */
const KNOWN = '//';
/** Of each directory. */
const TEXTS = 4;
const BEYOND_LATIN1 = /[^\0-\xff]/;

/** Packs files, one directory after the other. */
export class Packer {
  #texts: string[] = [];
  #count = 0;
  #characters = 0;

  /** Files added since the last `take`. */
  get count(): number {
    return this.#count;
  }

  /** A directory without files counts, too. */
  get isEmpty(): boolean {
    return this.#texts.length === 0;
  }

  /** Of all their directories' paths. */
  get pathCharacters(): number {
    return this.#characters;
  }

  add(found: FoundFiles): void {
    const { directory, withoutLinks = '', inTree, known } = found;
    const count = countOf(found);
    if (count === 0 && known === undefined) return;
    const names = known === undefined ? joined(found) : `${KNOWN}${known.record}:${known.entries}`;
    this.#texts.push(directory, withoutLinks, inTree, names);
    this.#count += count;
    this.#characters += directory.length;
  }

  /** What has been added; the next begins anew. */
  take(): PackedFiles {
    const text = this.#texts.join(BETWEEN_TEXTS);
    // latin1 nearly always fits, and is half as long; utf16le takes all that a string may hold (see
    // names.ts).
    const encoding = BEYOND_LATIN1.test(text) ? 'utf16le' : 'latin1';
    const packed = { bytes: Buffer.from(text, encoding), encoding, count: this.#count } as const;
    this.#texts = [];
    this.#count = 0;
    this.#characters = 0;
    return packed;
  }
}

/** The names of a directory are split when its turn comes. */
export function* unpack({ bytes, encoding }: PackedFiles): Generator<FoundFiles> {
  if (bytes.length === 0) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = buffer.toString(encoding).split(BETWEEN_TEXTS);
  for (let at = 0; at < texts.length; at += TEXTS) {
    const [directory, withoutLinks, inTree, joined] = texts.slice(at, at + TEXTS);
    yield {
      directory: directory!,
      withoutLinks: withoutLinks === '' ? undefined : withoutLinks,
      inTree: inTree!,
      ...namesIn(joined!),
    };
  }
}

function joined({ names, areLinks }: FoundFiles): string {
  const text = names.join(BETWEEN_NAMES);
  return areLinks ? LINKS + text : text;
}

function namesIn(text: string): Pick<FoundFiles, 'names' | 'areLinks' | 'known'> {
  if (text.startsWith(KNOWN)) {
    const [record, entries] = text.slice(KNOWN.length).split(':');
    return { names: [], known: { record: Number(record), entries: Number(entries) } };
  }
  const areLinks = text.startsWith(LINKS);
  const names = (areLinks ? text.slice(LINKS.length) : text).split(BETWEEN_NAMES);
  return { names, areLinks };
}

/** The full path of every file, in order. */
export function pathsOf(packed: PackedFiles, listed: readonly ListedDirectory[] = []): string[] {
  const listedNames = new Map(listed.map(({ directory, names }) => [directory, names]));
  return [...unpack(packed)].flatMap((found, index) => {
    const names = listedNames.get(index) ?? found.names;
    const paths = names.map((name) => joinPath(found.directory, name));
    const unread = joinPath(found.directory, UNREAD_NAME);
    return [...paths, ...new Array<string>(countOf(found) - names.length).fill(unread)];
  });
}

/** Stands for names that nobody has read. */
const UNREAD_NAME = '*';

/** Paths are made all at once, when the first is asked for: most tasks report no entry. */
export function entriesOf(packed: PackedFiles): TaskEntries {
  let paths: readonly string[] | undefined;
  let listed: readonly ListedDirectory[] = [];
  const pathOf = (index: number): string => {
    paths ??= pathsOf(packed, listed);
    return paths[index]!;
  };
  const list = (names: readonly ListedDirectory[]): void => {
    listed = names;
  };
  return { count: packed.count, pathOf, list };
}
