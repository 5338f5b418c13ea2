/**
 * Directories whose names come from a record, since neither their times nor their inodes have changed.
 * Where all entries are what they were, one comparison each is all that is done.
 */
import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { escapeName, toFsPath } from '../../names.ts';
import { DirectoryScan } from '../../record/directory-scan.ts';
import { digestIn, type EntryAt, isLink, nameIn, sizeIn } from '../../record/entry.ts';
import type { EntryLook } from '../../record/entry-look.ts';
import type { BlockPlace } from '../../record/index-table.ts';
import type { FoundFiles, KnownNames } from '../../sources/found-files.ts';
import type { SourceDirectory } from '../../sources/source-directory.ts';
import type { Group } from '../../store/seam/write.ts';
import type { RecordSetup } from '../messages.ts';
import { ifAllowed } from './unchanged-entries.ts';

/** A directory as a record has it. */
export interface WholeDirectory {
  readonly scan: DirectoryScan;
  readonly places: readonly BlockPlace[];
  /** What it says of an entry is true, by one look at that. Throws what the group throws. */
  readonly isSame: (entry: EntryAt) => boolean;
}

/** The names in a directory, and which of them are links. */
export interface NamesInRecord {
  readonly names: readonly string[];
  /** Their indices. */
  readonly links: readonly number[];
}

interface Named {
  readonly name: string;
  readonly isLink: boolean;
}

export class WholeDirectories {
  readonly #setup: RecordSetup | undefined;
  /** One a record. */
  readonly scans: readonly DirectoryScan[];
  readonly #look: EntryLook | undefined;

  constructor(setup: RecordSetup | undefined, look: EntryLook | undefined) {
    this.#setup = setup;
    this.scans = (setup?.known ?? []).map((record) => new DirectoryScan(record));
    this.#look = look;
  }

  /** Undefined when not all that it held is known. Throws what the group throws. */
  find(found: FoundFiles, source: SourceDirectory, group: Group): WholeDirectory | undefined {
    const { record, entries } = found.known!;
    const scan = this.scans[record]!;
    const places = scan.entriesOf(found.inTree, entries);
    const directory = ifAllowed(() => source.descriptor());
    const look = this.#look;
    if (look === undefined || directory === undefined || places === undefined) return undefined;
    const mustLook = scan.record.mustLook || this.#setup!.verifyHits;
    const isThere = (entry: EntryAt) =>
      isLink(entry) || group.lookup(digestIn(entry), sizeIn(entry)) === 'present';
    const isSame = (entry: EntryAt) =>
      look.isSame(entry, directory) && (!mustLook || isThere(entry));
    return { scan, places, isSame };
  }

  /** As many as the record has; from the directory where the record cannot be read. */
  namesOf({ directory, inTree, known }: FoundFiles): NamesInRecord {
    const found = this.#recorded(known!, inTree) ?? listed(directory).slice(0, known!.entries);
    const links = found.flatMap(({ isLink }, index) => (isLink ? [index] : []));
    return { names: found.map(({ name }) => name), links };
  }

  #recorded({ record, entries }: KnownNames, inTree: string): Named[] | undefined {
    const scan = this.scans[record]!;
    const places = scan.entriesOf(inTree, entries);
    if (places === undefined) return undefined;
    const found: Named[] = [];
    const entry = (at: EntryAt) => found.push({ name: nameIn(at), isLink: isLink(at) }) > 0;
    return scan.each(places, { entry }) ? found : undefined;
  }
}

/** Nothing of a directory that cannot be read: its entries have vanished. */
function listed(directory: string): Named[] {
  try {
    const found = fs.readdirSync(toFsPath(directory), { withFileTypes: true, encoding: 'buffer' });
    return found
      .filter((entry) => !entry.isDirectory())
      .map((entry) => ({
        name: escapeName(entry.name as unknown as Buffer),
        isLink: entry.isSymbolicLink(),
      }));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
