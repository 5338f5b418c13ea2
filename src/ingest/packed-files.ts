import { joinPath } from '../names.ts';
import type { FoundFiles, WalkedDirectory } from './walk/entries.ts';

/**
 * Files of one directory that wait for a worker. Their names are one string: some ten thousand
 * are held at any time, and as strings of their own they would outlive V8's young generation,
 * make the heap grow, and be copied one by one to the worker.
 */
export interface PackedFiles extends WalkedDirectory {
  /** Joined by `/`, which no name holds. */
  readonly names: string;
  readonly count: number;
}

/** The entries of a task. Paths are made only for those that are told of. */
export interface TaskEntries {
  readonly count: number;
  pathOf(index: number): string;
}

export function pack({ directory, withoutLinks, names }: FoundFiles): PackedFiles {
  return { directory, withoutLinks, names: names.join('/'), count: names.length };
}

export function unpack({ directory, withoutLinks, names }: PackedFiles): FoundFiles {
  return { directory, withoutLinks, names: names.split('/') };
}

export function countOf(packed: readonly PackedFiles[]): number {
  return packed.reduce((sum, { count }) => sum + count, 0);
}

/** The full path of every file, in order. */
export function pathsOf(packed: readonly PackedFiles[]): string[] {
  return packed.flatMap((each) => {
    const { directory, names } = unpack(each);
    return names.map((name) => joinPath(directory, name));
  });
}

/** Paths are made all at once, when the first is asked for: most tasks tell of no entry. */
export function entriesOf(packed: readonly PackedFiles[]): TaskEntries {
  let paths: readonly string[] | undefined;
  const pathOf = (index: number): string => {
    paths ??= pathsOf(packed);
    return paths[index]!;
  };
  return { count: countOf(packed), pathOf };
}

/** One file alone; `index` counts over all directories. */
export function fileAt(packed: readonly PackedFiles[], index: number): PackedFiles {
  let at = index;
  for (const each of packed) {
    if (at < each.count) return { ...each, names: unpack(each).names[at]!, count: 1 };
    at -= each.count;
  }
  throw new RangeError(`no file ${index}`);
}

/** Those of which `holds` is true; `index` counts over all directories. */
export function filesThat(
  holds: (index: number) => boolean,
  packed: readonly PackedFiles[],
): PackedFiles[] {
  let index = 0;
  return packed
    .map(unpack)
    .map((found) => ({ ...found, names: found.names.filter(() => holds(index++)) }))
    .filter(({ names }) => names.length > 0)
    .map(pack);
}
