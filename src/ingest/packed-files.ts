import { joinPath } from '../names.ts';
import type { FoundFiles } from '../sources/found-files.ts';

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
}

/** What no path holds. */
const BETWEEN_TEXTS = '\0';
/** What no name holds. */
const BETWEEN_NAMES = '/';
/** Before the names of links: no name begins so. */
const LINKS = BETWEEN_NAMES;
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

  /** Of all their directories' paths. */
  get pathCharacters(): number {
    return this.#characters;
  }

  add({ directory, withoutLinks = '', inTree, names, areLinks }: FoundFiles): void {
    if (names.length === 0) return;
    const joined = names.join(BETWEEN_NAMES);
    this.#texts.push(directory, withoutLinks, inTree, areLinks ? LINKS + joined : joined);
    this.#count += names.length;
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
export function* unpack({ bytes, encoding, count }: PackedFiles): Generator<FoundFiles> {
  if (count === 0) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = buffer.toString(encoding).split(BETWEEN_TEXTS);
  for (let at = 0; at < texts.length; at += TEXTS) {
    const [directory, withoutLinks, inTree, joined] = texts.slice(at, at + TEXTS);
    const areLinks = joined!.startsWith(LINKS);
    yield {
      directory: directory!,
      withoutLinks: withoutLinks === '' ? undefined : withoutLinks,
      inTree: inTree!,
      areLinks,
      names: (areLinks ? joined!.slice(LINKS.length) : joined!).split(BETWEEN_NAMES),
    };
  }
}

/** The full path of every file, in order. */
export function pathsOf(packed: PackedFiles): string[] {
  return [...unpack(packed)].flatMap(({ directory, names }) =>
    names.map((name) => joinPath(directory, name)),
  );
}

/** Paths are made all at once, when the first is asked for: most tasks report no entry. */
export function entriesOf(packed: PackedFiles): TaskEntries {
  let paths: readonly string[] | undefined;
  const pathOf = (index: number): string => {
    paths ??= pathsOf(packed);
    return paths[index]!;
  };
  return { count: packed.count, pathOf };
}
