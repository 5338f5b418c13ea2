import fs from 'node:fs';
import type { Digest } from '../digest.ts';
import { escapeName } from '../names.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';
import type { FileStatus } from '../native/file-status.ts';
import { digestIn, type EntryAt, hasXattrs, isSure, tailIn } from './entry.ts';
import type { EntryLook } from './entry-look.ts';
import {
  ENTRY,
  HAS_XATTRS,
  identityKey,
  int48At,
  KIND,
  NO_KEY,
  pathKey,
  uint48At,
} from './layout.ts';
import { RecordReader, type SharedRecord } from './record-reader.ts';

/** What has to be equal, so that a file counts as the one that was recorded. */
export interface MatchRules {
  /** Unless they say nothing: where inodes do not stay, or on request. */
  readonly inodes: boolean;
  readonly ctimes: boolean;
  /** Extended attributes are wanted. */
  readonly xattrs: boolean;
  /** They say something. */
  readonly inodesStay: boolean;
}

/** An entry that a record knows, and that is what it was. */
export interface KnownEntry {
  readonly mustLook: boolean;
  readonly isPart: boolean;
}

/** What a record has of a file besides its status and digest. */
export interface RecordedMore {
  readonly xattrs: string;
  /** False where they were not asked for. */
  readonly hasXattrs: boolean;
  /** And by all that says something, requested or not, the file is what was recorded. */
  readonly isSure: boolean;
}

export interface KnownFile extends KnownEntry {
  readonly digest: Digest;
  /** As lines of a snapshot have them; none where they are not wanted. */
  readonly xattrs: string;
  readonly recorded: RecordedMore;
}

export interface SameEntry extends KnownEntry {
  readonly entry: EntryAt;
}

export interface KnownLink extends KnownEntry {
  /** In the escaped form of names.ts. */
  readonly target: string;
  /** As of a file. */
  readonly isSure: boolean;
}

/** Which directory it is; undefined where that cannot be asked. */
export type DirectoryIdentity = Pick<FileStatus, 'device' | 'inode' | 'inodeLow'> | undefined;

const { S_IFMT, S_IFREG, S_IFLNK } = fs.constants;

/** What the records of earlier runs know, asked for the entries of one directory after the other. */
export class KnownEntries {
  readonly #readers: readonly RecordReader[];

  /** The first that knows an entry as it is counts. */
  constructor(records: readonly SharedRecord[]) {
    this.#readers = records.map((record) => new RecordReader(record));
  }

  /** Nothing is known. */
  get isEmpty(): boolean {
    return this.#readers.length === 0;
  }

  /** Blocks that could not be used. */
  get damaged(): number {
    return this.#readers.reduce((sum, { damaged }) => sum + damaged, 0);
  }

  enter(inTree: string, identity: DirectoryIdentity): void {
    const path = pathKey(inTree);
    const which = identity === undefined ? NO_KEY : identityKey(identity);
    for (const reader of this.#readers) reader.enter(path, which);
  }

  file(name: string, status: FileStatus, rules: MatchRules): KnownFile | undefined {
    if ((status.mode & S_IFMT) !== S_IFREG) return undefined;
    for (const reader of this.#readers) {
      const wanted = { kind: KIND.file, status, rules };
      const at = find(reader, name, wanted);
      if (at === undefined) continue;
      const entry = { bytes: reader.bytes, view: reader.view, at };
      const recorded = {
        ...{ xattrs: tailIn(entry).toString(), hasXattrs: hasXattrs(entry) },
        isSure: isSureNow(entry, wanted),
      };
      const xattrs = rules.xattrs ? recorded.xattrs : '';
      return { digest: digestIn(entry), xattrs, recorded, ...trustIn(reader) };
    }
    return undefined;
  }

  /**
   * An entry that is what it was by all that can be compared, whatever its type. Good until the next one
   * is asked for. `directory`: open, on a file system whose inodes stay.
   */
  same(name: string, look: EntryLook, directory: AnyDescriptor): SameEntry | undefined {
    for (const reader of this.#readers) {
      const at = reader.find(name);
      if (at === undefined) continue;
      const entry = { bytes: reader.bytes, view: reader.view, at };
      if (look.isSame(entry, directory)) return { entry, ...trustIn(reader) };
    }
    return undefined;
  }

  link(name: string, status: FileStatus, rules: MatchRules): KnownLink | undefined {
    if ((status.mode & S_IFMT) !== S_IFLNK) return undefined;
    for (const reader of this.#readers) {
      const wanted = { kind: KIND.link, status, rules };
      const at = find(reader, name, wanted);
      if (at === undefined) continue;
      const entry = { bytes: reader.bytes, view: reader.view, at };
      const target = escapeName(tailIn(entry));
      return { target, isSure: isSureNow(entry, wanted), ...trustIn(reader) };
    }
    return undefined;
  }
}

interface Wanted {
  readonly kind: (typeof KIND)[keyof typeof KIND];
  readonly status: FileStatus;
  readonly rules: MatchRules;
}

function find(reader: RecordReader, name: string, wanted: Wanted): number | undefined {
  const at = reader.find(name);
  return at !== undefined && isUnchanged(reader.view, at, wanted) ? at : undefined;
}

function isSureNow(entry: EntryAt, wanted: Wanted): boolean {
  const rules = { ...wanted.rules, ctimes: true, inodes: wanted.rules.inodesStay };
  return isSure(entry) && isUnchanged(entry.view, entry.at, { ...wanted, rules });
}

function isUnchanged(view: DataView, at: number, { kind, status, rules }: Wanted): boolean {
  return (
    view.getUint8(at + ENTRY.kind) === kind &&
    uint48At(view, at + ENTRY.size) === status.size &&
    view.getUint32(at + ENTRY.modifiedNanoseconds, true) === status.modifiedNanoseconds &&
    int48At(view, at + ENTRY.modifiedSeconds) === status.modifiedSeconds &&
    (!rules.ctimes ||
      (view.getUint32(at + ENTRY.changedNanoseconds, true) === status.changedNanoseconds &&
        int48At(view, at + ENTRY.changedSeconds) === status.changedSeconds)) &&
    (!rules.inodes ||
      (view.getUint32(at + ENTRY.inodeLow, true) === status.inodeLow &&
        view.getUint32(at + ENTRY.inodeHigh, true) === Math.floor(status.inode / 2 ** 32))) &&
    (!rules.xattrs || kind === KIND.link || (view.getUint8(at + ENTRY.flags) & HAS_XATTRS) !== 0)
  );
}

function trustIn({ record: { mustLook, isPart } }: RecordReader): KnownEntry {
  return { mustLook, isPart };
}
