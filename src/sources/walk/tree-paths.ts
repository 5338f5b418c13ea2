/** Where sources lie in the one tree that they make together: as tar names what it is given. */
import fs from 'node:fs';
import { printable, UsageError } from '../../errors.ts';
import { joinPath, toFsPath } from '../../names.ts';

/** A directory on the way to a source. */
export interface Way {
  /** In the tree: `a/b`. */
  readonly inTree: string;
  /** As it is looked at. */
  readonly path: string;
}

/**
 * The directories that lead to a path in the tree, itself the last: without `/` at its beginning, `.`
 * and all up to the last `..`. None for a path that is the root of the tree.
 */
export function waysOf(path: string): Way[] {
  const names = path.split('/');
  const from = names.lastIndexOf('..') + 1;
  let at = names.slice(0, from).join('/') || (path.startsWith('/') ? '/' : '.');
  let inTree = '';
  return names.slice(from).flatMap((name) => {
    if (name === '' || name === '.') return [];
    at = at === '.' ? name : joinPath(at, name);
    inTree = below(inTree, name);
    return [{ inTree, path: at }];
  });
}

/** Where a path lies in the tree; the empty string is its root. */
export function treePathOf(path: string): string {
  return waysOf(path).at(-1)?.inTree ?? '';
}

/** A path below a directory of the tree. */
export function below(inTree: string, path: string): string {
  return inTree === '' || path === '' ? inTree + path : `${inTree}/${path}`;
}

/** What was named, and where it lies in the tree. */
interface Placed {
  readonly path: string;
  readonly realPath: string;
  readonly inTree: string;
  readonly isDirectory: boolean;
  readonly isExcluded: boolean;
}

export interface Placing {
  /** There is no list of more sources. */
  readonly isOnly: boolean;
  /** Names for the sources, in their order, or none. */
  readonly as: readonly string[];
  /** No two may have one place. */
  readonly distinct: boolean;
}

/**
 * The sources in their places in the tree: a directory that is the only one is its root, and others
 * lie where their paths say, or under the names that they were given. Throws a UsageError.
 */
export function placeSources<T extends Placed>(
  sources: readonly T[],
  { isOnly, as, distinct }: Placing,
): T[] {
  if (as.length > 0) requireNames(sources, as);
  const placed = sources.map((source, at) => {
    const inTree = as[at] ?? (isOnly && source.isDirectory ? '' : source.inTree);
    return { ...source, inTree };
  });
  if (distinct) requireDistinct(placed.filter(({ isExcluded }) => !isExcluded));
  return placed;
}

function requireNames(sources: readonly Placed[], names: readonly string[]): void {
  const wrong = (why: string, path?: string) =>
    new UsageError({
      ...{ what: 'cannot name the sources', code: 'INGOT_USAGE', path, why },
      hint: 'give --as once for each source, in their order',
    });
  if (names.length !== sources.length)
    throw wrong(`there are ${sources.length} sources, and ${names.length} names`);
  for (const [at, name] of names.entries()) {
    if (treePathOf(name) !== name || name.includes('/') || name.includes('\0') || name === '')
      throw wrong('it is not the name of a directory', name);
    if (!sources[at]!.isDirectory) throw wrong('only directories get names', sources[at]!.path);
  }
}

/** Throws a UsageError for two sources of which one would lie where the other, or a part of it, does. */
function requireDistinct(sources: readonly Placed[]): void {
  const placed = new Map<string, Placed>();
  for (const source of sources) {
    const before = placed.get(source.inTree);
    if (before !== undefined && before.realPath !== source.realPath) throw clash(before, source);
    placed.set(source.inTree, source);
  }
  for (const source of sources)
    for (const inTree of ['', ...waysOf(source.inTree).map((way) => way.inTree)].slice(0, -1)) {
      const above = placed.get(inTree);
      if (above === undefined) continue;
      const rest = source.inTree.slice(inTree === '' ? 0 : inTree.length + 1);
      const there = joinPath(above.realPath, rest);
      if (there !== source.realPath && fs.existsSync(toFsPath(there))) throw clash(above, source);
    }
}

function clash(first: Placed, second: Placed): UsageError {
  const is = first.inTree === second.inTree ? 'is' : 'has';
  return new UsageError({
    what: 'two sources would have one place in the snapshot',
    code: 'INGOT_CLASH',
    path: second.path,
    why: `there ${printable(first.path)} ${is} '${printable(second.inTree)}', too`,
    hint: 'give each source a name of its own with --as NAME',
  });
}
