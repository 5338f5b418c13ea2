import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { escapeName } from '../../names.ts';
import type { RecordedDirectory } from '../../record/directory-block.ts';
import { DirectoryScan } from '../../record/directory-scan.ts';
import { type EntryAt, isLink, nameIn } from '../../record/entry.ts';
import { isRacy, LOCAL_RACE_MS } from '../../record/racy.ts';
import type { FoundDirectory as FoundInRecords, Records } from '../../record/records.ts';
import { Devices } from '../../sources/devices.ts';
import type { KnownDirectory } from '../../sources/found-files.ts';
import type { FoundDirectory } from '../../sources/walk/entries.ts';
import type { EnteredDirectory } from '../../sources/walk/tree-reader.ts';
import type { FileXattrs } from '../file-xattrs.ts';

/** Of files and links: larger directories are read as usual when their ctime has changed. */
const MAX_COMPARED = 10_000;

/** What records know of directories, and what is recorded of those that are read. */
export class DirectoryRecords {
  readonly #records: Records;
  readonly #xattrs: FileXattrs;
  readonly #hasXattrs: boolean;
  readonly #devices = new Devices();
  /** One a record. */
  readonly #scans = new Map<number, DirectoryScan>();

  /** `hasXattrs`: extended attributes are asked for. */
  constructor(records: Records, xattrs: FileXattrs, hasXattrs: boolean) {
    this.#records = records;
    this.#xattrs = xattrs;
    this.#hasXattrs = hasXattrs;
  }

  /** One that holds what a record says. */
  find(entered: EnteredDirectory): KnownDirectory | undefined {
    const { inTree, status } = entered;
    const found = this.#records.find(inTree, status, this.#hasXattrs);
    if (found === undefined || !(found.isSame || this.#isSame(entered, found))) return undefined;
    const { entries, subdirectories } = found.directory;
    return { record: found.record, entries, subdirectories };
  }

  recorded(record: number, inTree: string): RecordedDirectory | undefined {
    return this.#records.recorded(record, inTree);
  }

  /** Of one whose names were all handed on. */
  add({ inTree, status, path, holds, lookedAt }: FoundDirectory, xattrs: string): void {
    if (holds === undefined || lookedAt === undefined) return;
    const entered = { inTree, status, path, lookedAt };
    this.#add(entered, { ...holds, xattrs, hasXattrs: this.#hasXattrs });
  }

  /** Of one whose times say when it was changed. */
  #add(
    { inTree, status, path, lookedAt }: EnteredDirectory,
    more: Omit<RecordedDirectory, 'inTree' | 'status'>,
  ): void {
    if (isRacy(status, { from: lookedAt, to: lookedAt }, LOCAL_RACE_MS)) return;
    const { inodesStay, timesAreLocal } = this.#devices.relianceOn(status.device, path);
    if (inodesStay && timesAreLocal) this.#records.addDirectory({ ...more, inTree, status });
  }

  /** One that was moved, or whose rights were set: it may hold what it held, and is read to see that. */
  #isSame(entered: EnteredDirectory, found: FoundInRecords): boolean {
    const { path } = entered;
    const { directory } = found;
    const isSame =
      directory.entries <= MAX_COMPARED &&
      holdsTheSame(path, found, this.#scanOf(found)) &&
      this.#xattrs.at(path) === directory.xattrs;
    if (isSame) this.#add(entered, directory);
    return isSame;
  }

  #scanOf({ record, shared }: FoundInRecords): DirectoryScan {
    const scan = this.#scans.get(record) ?? new DirectoryScan(shared);
    this.#scans.set(record, scan);
    return scan;
  }
}

function holdsTheSame(
  path: string | Buffer,
  { directory, entries }: FoundInRecords,
  scan: DirectoryScan,
): boolean {
  const expected = new Set(directory.subdirectories.map((name) => `d${name}`));
  const entry = (at: EntryAt) => expected.add((isLink(at) ? 'l' : 'f') + nameIn(at)).size > 0;
  if (!scan.each(entries, { entry })) return false;
  const found = listed(path);
  return found?.length === expected.size && found.every((name) => expected.has(name));
}

/** Names with a letter for their type; undefined where the directory cannot be read. */
function listed(path: string | Buffer): string[] | undefined {
  try {
    return fs.readdirSync(path, { withFileTypes: true, encoding: 'buffer' }).map((entry) => {
      const type = entry.isFile()
        ? 'f'
        : entry.isDirectory()
          ? 'd'
          : entry.isSymbolicLink()
            ? 'l'
            : '?';
      return type + escapeName(entry.name as unknown as Buffer);
    });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
