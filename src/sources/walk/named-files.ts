import { errnoOf, printable } from '../../errors.ts';
import { joinPath, realPathOf } from '../../names.ts';
import type { WalkSink } from './entries.ts';
import { type NamedEntries, splitPath } from './named-entries.ts';
import type { StoreExclusion } from './store-exclusion.ts';

/** Names handed to the sink at a time, as in a walk. */
const CHUNK_NAMES = 1024;

/** Real paths remembered: names next to each other mostly lie in the same few directories. */
const REMEMBERED_DIRECTORIES = 1024;

/** What is left out although it was named. */
export interface LeftOut {
  readonly store: StoreExclusion | undefined;
  /**
   * The real path of the manifest, if there is one by now: it would list an older state of itself.
   */
  readonly manifest: string | undefined;
}

/** Hands on single files that were named, those of one directory together, each file once. */
export class NamedFiles {
  readonly #named: NamedEntries;
  readonly #leftOut: LeftOut;
  readonly #sink: WalkSink;
  readonly #realPaths = new Map<string, string>();
  #directory = '';
  #names: string[] = [];

  constructor(named: NamedEntries, leftOut: LeftOut, sink: WalkSink) {
    this.#named = named;
    this.#leftOut = leftOut;
    this.#sink = sink;
  }

  /** The promise, if any, resolves when more may be added. */
  add(directory: string, name: string): Promise<void> | undefined {
    if (!this.takes(directory, name)) return undefined;
    const goesElsewhere = directory !== this.#directory || this.#names.length === CHUNK_NAMES;
    const full = goesElsewhere ? this.flush() : undefined;
    this.#directory = directory;
    this.#names.push(name);
    return full;
  }

  /** False for an entry that is left out or was named before. Throws what realpath(3) fails with. */
  takes(directory: string, name: string): boolean {
    const { store, manifest } = this.#leftOut;
    const realDirectory = this.#realPath(directory);
    if (store?.holds(realDirectory)) {
      store.notify(this.#sink);
      return false;
    }
    if (!this.#named.add(realDirectory, name)) return false;
    if (joinPath(realDirectory, name) !== manifest) return true;
    this.#sink.notice(`the manifest ${printable(name)} is left out`);
    return false;
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

  /** Hands on what has been added. */
  flush(): Promise<void> | undefined {
    if (this.#names.length === 0) return undefined;
    const found = { directory: this.#directory, names: this.#names };
    this.#names = [];
    return this.#sink.files(found);
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
