/** The record that a run has finished, as the same run asks it: what was each entry, exactly? */
import type { Digest } from '../digest.ts';
import type { FileOps, StoreFd } from '../files/file-ops.ts';
import { escapeName } from '../names.ts';
import { numberOf } from '../native/descriptor.ts';
import type { FileStatus } from '../native/file-status.ts';
import { digestIn, isLink, isSure, tailIn } from './entry.ts';
import { NO_KEY, pathKey } from './layout.ts';
import { statusAt } from './record-blocks.ts';
import { openRecord, readIndex } from './record-file.ts';
import { RecordReader } from './record-reader.ts';

/** An entry as it was when its content was read. */
export interface RecordedEntry {
  /** Its device is that of its directory, which the record does not have. */
  readonly status: Omit<FileStatus, 'device'>;
  /** Undefined for a link. */
  readonly digest: Digest | undefined;
  /** Of a link, in the escaped form of names.ts. */
  readonly target: string | undefined;
  /** As `IS_SURE` says. */
  readonly isSure: boolean;
}

export class FinishedRecord {
  /** When its run began: milliseconds since 1970. */
  readonly begun: number;
  readonly #fd: StoreFd;
  readonly #ops: FileOps;
  readonly #reader: RecordReader;

  private constructor(fd: StoreFd, reader: RecordReader, begun: number, ops: FileOps) {
    this.#fd = fd;
    this.#reader = reader;
    this.begun = begun;
    this.#ops = ops;
  }

  /**
   * Undefined when the record at `path` is not that of the run that has made the snapshot. Throws an
   * Unusable, an errno.
   */
  static open(path: string, snapshot: string, ops: FileOps): FinishedRecord | undefined {
    const opened = openRecord(path, ops);
    const { fd } = opened;
    let found: FinishedRecord | undefined;
    try {
      const { index, end } = readIndex(opened);
      if (end?.snapshot === snapshot) {
        const shared = { fd: numberOf(fd), index, mustLook: false, isPart: false };
        found = new FinishedRecord(fd, new RecordReader(shared), opened.head.begun, ops);
      }
      return found;
    } finally {
      if (found === undefined) ops.closeSync(fd);
    }
  }

  /** What is asked for next lies in this directory of the tree. */
  enter(inTree: string): void {
    this.#reader.enter(pathKey(inTree), NO_KEY);
  }

  /** Undefined where nothing is recorded of it. Never throws for what the record holds. */
  find(name: string): RecordedEntry | undefined {
    const at = this.#reader.find(name);
    if (at === undefined) return undefined;
    const { bytes, view } = this.#reader;
    const entry = { bytes, view, at };
    const { device: _, ...status } = statusAt(view, at, 0);
    const of = isLink(entry)
      ? { digest: undefined, target: escapeName(tailIn(entry)) }
      : { digest: digestIn(entry), target: undefined };
    return { status, isSure: isSure(entry), ...of };
  }

  close(): void {
    this.#ops.closeSync(this.#fd);
  }
}
