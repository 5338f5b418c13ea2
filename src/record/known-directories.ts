import type { FileStatus } from '../native/file-status.ts';
import { decodeDirectory, type RecordedDirectory } from './directory-block.ts';
import { type BlockPlace, hasEntries, IndexTable } from './index-table.ts';
import { pathKey } from './layout.ts';
import type { SharedRecord } from './record-reader.ts';
import { RecordWindow, requireDamage } from './record-window.ts';

/** A directory as a record has it. */
export interface FoundInRecord {
  readonly directory: RecordedDirectory;
  /** The block that says so. */
  readonly block: Uint8Array;
  /** Those of its entries. */
  readonly entries: readonly BlockPlace[];
}

/** Finds in one record what directories were and held. */
export class DirectoriesOf {
  readonly #index: IndexTable;
  readonly #window: RecordWindow;

  constructor({ index, fd }: SharedRecord) {
    this.#index = new IndexTable(index);
    this.#window = new RecordWindow(fd);
  }

  /** Where all that it held is known; good until the next one. Never throws for what it holds. */
  find(inTree: string): FoundInRecord | undefined {
    try {
      return this.#find(inTree);
    } catch (error) {
      requireDamage(error);
      return undefined;
    }
  }

  #find(inTree: string): FoundInRecord | undefined {
    const places = this.#index.at(pathKey(inTree));
    const entries = places.filter(hasEntries);
    const known = entries.reduce((sum, place) => sum + place.entries, 0);
    for (const place of places) {
      if (hasEntries(place)) continue;
      const at = this.#window.block(place);
      const block = this.#window.bytes.subarray(at, at + place.bytes);
      const directory = decodeDirectory(block);
      if (directory?.inTree === inTree && directory.entries === known)
        return { directory, block, entries };
    }
    return undefined;
  }
}

/** True when a directory that resembles another holds the very names that it held. */
export function hasSameCtime(before: FileStatus, now: FileStatus): boolean {
  return (
    before.changedNanoseconds === now.changedNanoseconds &&
    before.changedSeconds === now.changedSeconds
  );
}

/** True when its line may be the same: it may have been moved, or been changed and set back. */
export function resembles(before: FileStatus, now: FileStatus): boolean {
  return (
    before.uid === now.uid &&
    before.gid === now.gid &&
    before.modifiedNanoseconds === now.modifiedNanoseconds &&
    before.modifiedSeconds === now.modifiedSeconds &&
    before.inodeLow === now.inodeLow &&
    Math.floor(before.inode / 2 ** 32) === Math.floor(now.inode / 2 ** 32) &&
    before.mode === now.mode
  );
}
