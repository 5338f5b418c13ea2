import type { Source } from '../../sources/walk/sources.ts';

/** Where something of the tree lies among the sources. */
export interface SourcePlace {
  readonly source: Source;
  /** Below the source; the empty string is the source itself. */
  readonly rest: string;
}

/** Finds the sources of what lies in the tree that they make. */
export class SourcePlaces {
  /** By their places in the tree. */
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(sources: readonly Source[]) {
    const taken = sources.filter(({ isExcluded }) => !isExcluded);
    this.#sources = new Map(taken.map((source) => [source.inTree, source]));
  }

  /**
   * Undefined for the directories that lead to the sources, and for what a list has named, whose paths
   * nobody remembers.
   */
  find(inTree: string): SourcePlace | undefined {
    for (let end = inTree.length; ; end = Math.max(0, inTree.lastIndexOf('/', end - 1))) {
      const source = this.#sources.get(inTree.slice(0, end));
      const rest = inTree.slice(end === 0 ? 0 : end + 1);
      if (source !== undefined && (rest === '' || source.isDirectory)) return { source, rest };
      if (end === 0) return undefined;
    }
  }
}
