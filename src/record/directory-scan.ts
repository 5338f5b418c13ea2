import type { EntryAt } from './entry.ts';
import { type BlockPlace, hasEntries, IndexTable } from './index-table.ts';
import { DirectoriesOf, type FoundInRecord } from './known-directories.ts';
import { pathKey } from './layout.ts';
import { entriesIn, type SharedRecord } from './record-reader.ts';
import { DamagedBlock, RecordWindow, requireDamage } from './record-window.ts';

/** What goes through a directory. What it is given is good until it returns. */
export interface Visitor {
  /** False: to go on is of no use. */
  entry(entry: EntryAt): boolean;
  /** After the entries of a block: all of its bytes. */
  block?(bytes: Uint8Array): void;
}

/** Goes through all entries of a directory as one record has them. */
export class DirectoryScan {
  readonly record: SharedRecord;
  readonly #directories: DirectoriesOf;
  readonly #index: IndexTable;
  readonly #window: RecordWindow;

  constructor(record: SharedRecord) {
    this.record = record;
    this.#directories = new DirectoriesOf(record);
    this.#index = new IndexTable(record.index);
    this.#window = new RecordWindow(record.fd);
  }

  /** Undefined where not all that it held is known. Never throws for what the record holds. */
  find(inTree: string): FoundInRecord | undefined {
    return this.#directories.find(inTree);
  }

  /** The blocks of so many entries; undefined where the record does not have as many. */
  entriesOf(inTree: string, entries: number): readonly BlockPlace[] | undefined {
    const places = this.#index.at(pathKey(inTree)).filter(hasEntries);
    const known = places.reduce((sum, place) => sum + place.entries, 0);
    return known === entries ? places : undefined;
  }

  /**
   * True when the visitor went through all; false when it ended that, or the record cannot be read on.
   * Throws what the visitor throws.
   */
  each(places: readonly BlockPlace[], visitor: Visitor): boolean {
    try {
      return places.every((place) => this.#visit(place, visitor));
    } catch (error) {
      if (!(error instanceof DamagedBlock)) throw error;
      return false;
    }
  }

  #visit(place: BlockPlace, visitor: Visitor): boolean {
    const from = this.#bring(place);
    const { bytes, view } = this.#window;
    for (const at of entriesIn(view, from, place))
      if (!visitor.entry({ bytes, view, at })) return false;
    visitor.block?.(bytes.subarray(from, from + place.bytes));
    return true;
  }

  /** Throws a DamagedBlock, also for what cannot be read: what else fails is the visitor's. */
  #bring(place: BlockPlace): number {
    try {
      return this.#window.block(place);
    } catch (error) {
      requireDamage(error);
      throw new DamagedBlock();
    }
  }
}
