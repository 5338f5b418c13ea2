import { errnoOf } from '../../errors.ts';
import { realPathOf } from '../../names.ts';
import type { WalkSink } from './entries.ts';
import { type NamedEntries, splitPath } from './named-entries.ts';
import type { Outputs } from './outputs.ts';
import type { StoreExclusion } from './store-exclusion.ts';
import { treePathOf } from './tree-paths.ts';
import type { TreeWays } from './tree-ways.ts';

/** Names handed to the sink at a time, as in a walk. */
const CHUNK_NAMES = 1024;

/** Real paths remembered: names next to each other mostly lie in the same few directories. */
const REMEMBERED_DIRECTORIES = 1024;

/** What is left out although it was named. */
export interface LeftOut {
  readonly store: StoreExclusion | undefined;
  readonly outputs: Outputs;
}

/** Hands on single files and links that were named, those of one directory together, each once. */
export class NamedFiles {
  readonly #named: NamedEntries;
  readonly #leftOut: LeftOut;
  readonly #sink: WalkSink;
  readonly #ways: TreeWays;
  readonly #realPaths = new Map<string, string>();
  #directory = '';
  #names: string[] = [];
  #areLinks = false;

  constructor(named: NamedEntries, leftOut: LeftOut, sink: WalkSink, ways: TreeWays) {
    this.#named = named;
    this.#leftOut = leftOut;
    this.#sink = sink;
    this.#ways = ways;
  }

  /** The promise, if any, resolves when more may be added. */
  add(directory: string, name: string, isLink = false): Promise<void> | undefined {
    if (!this.takes(directory, name)) return undefined;
    const goesElsewhere = directory !== this.#directory || this.#names.length === CHUNK_NAMES;
    const full = goesElsewhere || isLink !== this.#areLinks ? this.flush() : undefined;
    this.#directory = directory;
    this.#areLinks = isLink;
    this.#names.push(name);
    return full;
  }

  /** False for an entry that is left out or was named before. Throws what realpath(3) fails with. */
  takes(directory: string, name: string): boolean {
    const { store, outputs } = this.#leftOut;
    const realDirectory = this.#realPath(directory);
    if (store?.holds(realDirectory)) {
      store.notify(this.#sink);
      return false;
    }
    if (!this.#named.add(realDirectory, name)) return false;
    return !outputs.leavesOut(realDirectory, name, this.#sink);
  }

  /** Counts what patterns leave out, unless it is left out anyway or was named before. */
  exclude(path: string): void {
    if (this.takesMissing(path)) this.#sink.excluded(path);
  }

  /** As `takes`; where not even the directory can be looked at, the path goes by its text. */
  takesMissing(path: string): boolean {
    const [directory, name] = splitPath(path);
    try {
      return this.takes(directory, name);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return this.#named.add(directory, name);
    }
  }

  /** Where a path lies in the tree, of what is not handed on, and is a part of it all the same. */
  placeOf(path: string): string | undefined {
    this.#ways.to(path, false);
    return treePathOf(path) || undefined;
  }

  /** Hands on what has been added. */
  flush(): Promise<void> | undefined {
    if (this.#names.length === 0) return undefined;
    const [directory, names] = [this.#directory, this.#names];
    this.#names = [];
    this.#ways.to(directory, true);
    const inTree = treePathOf(directory);
    return this.#sink.files({ directory, inTree, names, areLinks: this.#areLinks });
  }

  #realPath(directory: string): string {
    let realPath = this.#realPaths.get(directory);
    if (realPath === undefined) {
      if (this.#realPaths.size === REMEMBERED_DIRECTORIES) this.#realPaths.clear();
      realPath = realPathOf(directory);
      this.#realPaths.set(directory, realPath);
    }
    return realPath;
  }
}
