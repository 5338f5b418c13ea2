/**
 * The records of a store as one run uses them: what earlier runs left is read, and its own is
 * written. A cache costs time, never truth: nothing that becomes of a record fails the run.
 */
import { join } from 'node:path';
import { bestEffort, codeOf, hasErrno, isFailure, printable } from '../errors.ts';
import type { FileOps } from '../files/file-ops.ts';
import type { FileStatus } from '../native/file-status.ts';
import type { Libc } from '../native/libc.ts';
import { encodeDirectory, type RecordedDirectory } from './directory-block.ts';
import { EarlierRecord } from './earlier-record.ts';
import { type BlockPlace, RECORDS_WORK } from './index-table.ts';
import { hasSameCtime, resembles } from './known-directories.ts';
import {
  largestParts,
  nameFor,
  overlapping,
  recordsIn,
  removeParts,
  removeUnused,
} from './record-folder.ts';
import { FOREIGN_RECORD, type RecordedSource } from './record-head.ts';
import { type FinishedRun, RecordPart } from './record-part.ts';
import type { SharedRecord } from './record-reader.ts';
import { RecordedCounts } from './recorded-counts.ts';

export interface RecordsOptions {
  /** Where they lie; gives undefined where there is none, and none shall be made. */
  readonly folder: () => string | undefined;
  /** Of the run. */
  readonly sources: readonly RecordedSource[];
  /** Of the store now; undefined where nobody knows. */
  readonly generation: string | undefined;
  /** What the run passes over, in any form. */
  readonly rules: string;
  /** Nothing of what earlier runs recorded is used. */
  readonly rescan: boolean;
  /** The run records nothing. */
  readonly dryRun: boolean;
  readonly libc: Libc;
  readonly ops: FileOps;
}

/** A run that was cut off, and is gone on with. */
export interface Resumed {
  /** Milliseconds since 1970. */
  readonly begun: number;
}

/** The snapshot of an earlier run. */
export interface RecordedSnapshot {
  readonly id: string;
  /** The store may have lost something since. */
  readonly mayLack: boolean;
}

/** What one of the records says of a directory. */
export interface FoundDirectory {
  readonly record: number;
  readonly shared: SharedRecord;
  readonly directory: RecordedDirectory;
  /** The blocks of its entries. */
  readonly entries: readonly BlockPlace[];
  /** It holds the very names that it held. */
  readonly isSame: boolean;
}

export class Records {
  readonly #options: RecordsOptions;
  readonly #folder: string | undefined;
  readonly #path: string | undefined;
  readonly #earlier: EarlierRecord[] = [];
  /** The newest of the runs of these sources that were cut off. */
  readonly resumed: Resumed | undefined;
  #part: RecordPart | undefined;
  #finished: string | undefined;
  readonly #notices: string[] = [];

  constructor(options: RecordsOptions) {
    this.#options = options;
    const { sources, rescan, dryRun } = options;
    this.#folder = this.#findFolder();
    if (this.#folder === undefined) return;
    this.#path = join(this.#folder, nameFor(sources));
    if (!rescan) this.#read(this.#folder, this.#path);
    const begun = this.#parts.map((part) => part.begun);
    this.resumed = begun.length === 0 ? undefined : { begun: Math.max(...begun) };
    if (!dryRun) this.#begin(this.#path);
  }

  /** For the threads: in the order in which they are asked. */
  get shared(): readonly SharedRecord[] {
    return this.#earlier.map(({ shared }) => shared);
  }

  /** Where the record of this run lies, once it is finished. */
  get finished(): string | undefined {
    return this.#finished;
  }

  /** What is learnt is kept. */
  get isWritten(): boolean {
    return this.#part !== undefined;
  }

  /** Adds to what the user should know. */
  notice(text: string): void {
    this.#notices.push(text);
  }

  /** What the user should know since it was asked last, a line each. */
  takeNotices(): readonly string[] {
    return this.#notices.splice(0);
  }

  /**
   * A directory that is what a record says: it is recorded again. Else one that may be: but for its ctime
   * nothing shows another.
   */
  find(inTree: string, status: FileStatus, hasXattrs: boolean): FoundDirectory | undefined {
    let resembling: FoundDirectory | undefined;
    for (const [record, earlier] of this.#earlier.entries()) {
      const found = earlier.find(inTree);
      if (found?.directory.hasXattrs !== hasXattrs) continue;
      const { directory, entries, block } = found;
      if (!resembles(directory.status, status)) continue;
      const isSame = hasSameCtime(directory.status, status);
      const inRecord = { record, shared: earlier.shared, directory, entries, isSame };
      if (!isSame) resembling ??= inRecord;
      else {
        const part = this.#part;
        if (part !== undefined) this.#orGiveUp(() => part.addDirectory(block));
        return inRecord;
      }
    }
    return resembling;
  }

  /** For a walk that only counts. To be used no more once these are closed. */
  counts(): RecordedCounts {
    const known = this.#earlier.filter(({ knowsDirectories }) => knowsDirectories);
    return new RecordedCounts(known.map(({ shared }) => shared));
  }

  /** What a record says of a directory. */
  recorded(record: number, inTree: string): RecordedDirectory | undefined {
    return this.#earlier[record]?.find(inTree)?.directory;
  }

  /** A directory that was read. */
  addDirectory(directory: RecordedDirectory): void {
    const part = this.#part;
    const block = part && encodeDirectory(directory);
    if (block !== undefined) this.#orGiveUp(() => part!.addDirectory(block));
  }

  /** As of an EarlierRecord. */
  snapshotOf(record: number, directories: number): RecordedSnapshot | undefined {
    const earlier = this.#earlier[record];
    const id = earlier?.snapshotOf(directories);
    return id === undefined ? undefined : { id, mayLack: earlier!.shared.mustLook };
  }

  /** What a task has learnt, once its objects have their names. */
  add(blocks: Uint8Array): void {
    const part = this.#part;
    if (part !== undefined) this.#orGiveUp(() => part.add(blocks));
  }

  /** What was recorded so far, for this thread; undefined where nothing is. */
  readBack(): SharedRecord | undefined {
    const part = this.#part;
    let own: SharedRecord | undefined;
    if (part !== undefined)
      this.#orGiveUp(() => {
        own = part.readBack();
      });
    return own;
  }

  /** For a run that has ended well: what it has learnt counts for the next one. */
  finish(run: FinishedRun): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#orGiveUp(() => part.finish(this.#path!, run));
    if (this.#part === undefined) return;
    this.#part = undefined;
    this.#finished = this.#path;
    const held = new Set(this.#parts.map(({ path }) => path));
    removeParts(this.#path!, held, this.#options);
    removeUnused(this.#folder!, this.#options.ops);
  }

  /**
   * Closes all. What a run that did not end well has learnt stays for the next one, unless a flush has
   * failed: then nobody knows what is durable.
   */
  close(how: { readonly keepPart: boolean }): void {
    const part = this.#part;
    this.#part = undefined;
    if (part !== undefined) bestEffort(() => (how.keepPart ? part.leave() : part.remove()));
    for (const record of this.#earlier.splice(0)) record.close();
  }

  #findFolder(): string | undefined {
    if (!RECORDS_WORK) return undefined;
    try {
      return this.#options.folder();
    } catch (error) {
      this.#notKept(error);
      return undefined;
    }
  }

  #begin(path: string): void {
    const { sources, rules, libc, ops } = this.#options;
    try {
      this.#part = RecordPart.open(path, { begun: Date.now(), sources, rules }, libc, ops);
    } catch (error) {
      this.#notKept(error);
    }
  }

  #read(folder: string, own: string): void {
    const { sources, ops } = this.#options;
    for (const path of largestParts(own)) this.#use(path, { isPart: true });
    const paths = recordsIn(folder);
    const used = paths.includes(own) ? [own] : overlapping(paths, sources, ops);
    for (const path of used) this.#use(path, { isPart: false });
  }

  /** Reads what it says; a notice where that cannot be done. */
  #use(path: string, { isPart }: { readonly isPart: boolean }): void {
    try {
      const record = EarlierRecord.open(path, { ...this.#options, isPart });
      if (record !== undefined) this.#earlier.push(record);
    } catch (error) {
      if (!isFailure(error)) throw error;
      // Of a run that was cut off nothing may be left.
      const isNone = isPart || hasErrno(error, 'ENOENT') || codeOf(error) === FOREIGN_RECORD;
      if (!isNone) this.#passedOver(path, error);
    }
  }

  get #parts(): EarlierRecord[] {
    return this.#earlier.filter(({ shared }) => shared.isPart);
  }

  #orGiveUp(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#notKept(error);
      const part = this.#part!;
      this.#part = undefined;
      bestEffort(() => part.remove());
    }
  }

  #passedOver(path: string, error: unknown): void {
    const why = reasonOf(error);
    this.#notices.push(
      `cannot use the record of an earlier run (${why}), so all is read: ${printable(path)}`,
    );
  }

  #notKept(error: unknown): void {
    if (!isFailure(error)) throw error;
    const why = reasonOf(error);
    this.#notices.push(`cannot keep a record of this run (${why}): the next one reads all again`);
  }
}

function reasonOf(error: unknown): string | undefined {
  return (error as { readonly why?: string }).why ?? codeOf(error);
}
