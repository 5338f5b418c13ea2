import type { FileStatus } from '../native/file-status.ts';
import { DirectoryScan } from './directory-scan.ts';
import { isLink, sizeIn } from './entry.ts';
import { hasSameCtime, resembles } from './known-directories.ts';
import type { SharedRecord } from './record-reader.ts';

/** What directories hold that are what a record says. */
export interface RecordedCount {
  readonly record: number;
  readonly entries: number;
  readonly subdirectories: readonly string[];
}

/** Counts by records, which it only reads, in its own memory: another walk may use them meanwhile. */
export class RecordedCounts {
  readonly #scans: readonly DirectoryScan[];

  constructor(records: readonly SharedRecord[]) {
    this.#scans = records.map((record) => new DirectoryScan(record));
  }

  /** Undefined for a directory of which nothing is certain. */
  find(inTree: string, status: FileStatus, hasXattrs: boolean): RecordedCount | undefined {
    for (const [record, scan] of this.#scans.entries()) {
      const directory = scan.find(inTree)?.directory;
      if (directory?.hasXattrs !== hasXattrs) continue;
      if (!resembles(directory.status, status) || !hasSameCtime(directory.status, status)) continue;
      const { entries, subdirectories } = directory;
      return { record, entries, subdirectories };
    }
    return undefined;
  }

  /** Bytes of the files in one that was found. */
  bytesOf(inTree: string, { record, entries }: Pick<RecordedCount, 'record' | 'entries'>): number {
    const scan = this.#scans[record]!;
    let bytes = 0;
    scan.each(scan.entriesOf(inTree, entries) ?? [], {
      entry: (at) => {
        if (!isLink(at)) bytes += sizeIn(at);
        return true;
      },
    });
    return bytes;
  }
}
