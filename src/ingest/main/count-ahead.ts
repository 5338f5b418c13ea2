/**
 * A second walk that only counts. It runs ahead of the first, which waits for the workers, so that
 * progress has a whole to be a part of. It takes the same way by the same rules.
 */
import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { joinPath, toFsPath } from '../../names.ts';
import { countOf, type FoundFiles } from '../../sources/found-files.ts';
import type { DirectoryOps } from '../../sources/walk/directory.ts';
import type { WalkSink } from '../../sources/walk/entries.ts';
import { SourceRoots } from '../../sources/walk/source-roots.ts';
import type { KnowsDirectory } from '../../sources/walk/tree-reader.ts';
import {
  type WalkPlan,
  type WalkSurroundings,
  walkSources,
} from '../../sources/walk/walk-sources.ts';
import { estimateBytes } from './size-sample.ts';

/** What the sources hold. */
export interface SourceTotals {
  readonly entries: number;
  /** Partly an estimate. */
  readonly bytes: number;
}

/** False where reading the list of sources a second time would take it from the first. */
export function canCount({ list }: WalkPlan): boolean {
  if (list === undefined) return true;
  try {
    return list.file !== '-' && fs.statSync(list.file).isFile();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Directories that need not be read to be counted. */
export interface KnownCounts {
  readonly known: KnowsDirectory;
  /** Of the files in one that is known. */
  readonly bytesOf: (found: FoundFiles) => number;
}

/** Counts what the sources hold. Rejects as the walk does, or with the signal's reason. */
export async function countSources(
  plan: WalkPlan,
  surroundings: WalkSurroundings & { readonly ops: DirectoryOps },
  counts?: KnownCounts,
): Promise<SourceTotals> {
  const sink = new CountingSink(surroundings.ops, counts);
  const { known } = counts ?? {};
  await walkSources({ ...plan, roots: new SourceRoots() }, { ...surroundings, known }, sink);
  return sink;
}

class CountingSink implements WalkSink {
  entries = 0;
  bytes = 0;
  readonly #ops: DirectoryOps;
  readonly #counts: KnownCounts | undefined;

  constructor(ops: DirectoryOps, counts: KnownCounts | undefined) {
    this.#ops = ops;
    this.#counts = counts;
  }

  knownDirectory(): void {}

  files(found: FoundFiles): undefined {
    this.entries += countOf(found);
    if (found.known !== undefined) this.bytes += this.#counts!.bytesOf(found);
    if (found.areLinks) return;
    this.bytes += estimateBytes(found, (name) => this.#sizeOf(joinPath(found.directory, name)));
  }

  unsupported(): void {
    this.entries++;
  }

  unreadable(): void {
    this.entries++;
  }

  vanished(): void {
    this.entries++;
  }

  excluded(): void {
    this.entries++;
  }

  directory(): void {}

  onTheWay(): void {}

  notice(): void {}

  #sizeOf(path: string): number | undefined {
    try {
      return this.#ops.lstatSync(toFsPath(path)).size;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }
}
