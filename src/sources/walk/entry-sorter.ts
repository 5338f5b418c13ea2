import { escapeLatin1Name, joinPath } from '../../names.ts';
import type { Turns } from '../../turns.ts';
import type { WalkedDirectory } from '../found-files.ts';
import { unsupportedKind } from '../kind.ts';
import type { RawEntry } from './directory.ts';
import type { WalkSink } from './entries.ts';
import type { NamedEntries } from './named-entries.ts';
import { below } from './tree-paths.ts';
import type { WalkRules } from './tree-reader.ts';

/** What is found in a directory. */
export interface Met extends WalkedDirectory {
  /** The directory below the root of its tree, which is `/`. */
  readonly relative: string;
  readonly names: string[];
  readonly links: string[];
  readonly subdirectories: string[];
}

/** Entries that are looked at, and names handed to the sink, at a time. */
const CHUNK_NAMES = 1024;

/** Says of each name in a directory what becomes of it. */
export class EntrySorter {
  readonly #realRoot: string;
  readonly #rules: WalkRules;
  readonly #named: NamedEntries;
  readonly #sink: WalkSink;

  /** `realRoot`: of the tree, its path without links. */
  constructor(realRoot: string, rules: WalkRules, named: NamedEntries, sink: WalkSink) {
    this.#realRoot = realRoot;
    this.#rules = rules;
    this.#named = named;
    this.#sink = sink;
  }

  /**
   * Adds the names of files and links, and the directories to walk, from an entry on. Gives the entry
   * to go on with: at the end of a chunk, and where patterns take long at the end of a turn. Without
   * an await: V8 would optimize a loop with one again and again.
   */
  sort(entries: readonly RawEntry[], from: number, met: Met, turns: Turns): number {
    const { directory, inTree, relative, names, links, subdirectories } = met;
    const { excludes } = this.#rules;
    const end = Math.min(from + CHUNK_NAMES, entries.length);
    const prefix = relative === '/' ? '' : `${relative.slice(1)}/`;
    const realDirectory = this.#realPathOf(relative);
    const named = this.#named.within(realDirectory);
    const outputs = this.#rules.outputs?.lieIn(realDirectory) ? this.#rules.outputs : undefined;
    for (let at = from; at < end; at++) {
      if (excludes !== undefined && at > from && turns.isDue()) return at;
      const entry = entries[at]!;
      const name = escapeLatin1Name(entry.name);
      if (named?.has(name) && !this.#adopts(realDirectory, name)) continue;
      if (excludes?.excludes(prefix + name, entry.isDirectory()))
        this.#sink.excluded(joinPath(directory, name));
      else if (outputs?.leavesOut(realDirectory, name, this.#sink)) continue;
      else if (entry.isFile()) names.push(name);
      else if (entry.isDirectory()) subdirectories.push(name);
      else if (entry.isSymbolicLink()) links.push(name);
      else {
        const found = { path: joinPath(directory, name), inTree: below(inTree, name) };
        this.#sink.unsupported(found, unsupportedKind(entry));
      }
    }
    return end;
  }

  /** A tree that was named on its own is walked here if it would be walked no differently. */
  #adopts(realDirectory: string, name: string): boolean {
    const { excludes, oneFileSystem } = this.#rules;
    return excludes === undefined && !oneFileSystem && this.#named.adopt(realDirectory, name);
  }

  #realPathOf(relative: string): string {
    if (relative === '/') return this.#realRoot;
    return this.#realRoot === '/' ? relative : this.#realRoot + relative;
  }
}
