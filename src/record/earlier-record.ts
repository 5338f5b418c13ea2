import type { FileOps } from '../files/file-ops.ts';
import { tryDeadLock } from '../files/locks.ts';
import { numberOf } from '../native/descriptor.ts';
import type { Libc } from '../native/libc.ts';
import { DirectoriesOf, type FoundInRecord } from './known-directories.ts';
import { type OpenRecord, openRecord, readIndex, scanPart } from './record-file.ts';
import type { RecordEnd } from './record-head.ts';
import type { SharedRecord } from './record-reader.ts';

export interface EarlierOptions {
  /** Of a run that was cut off. */
  readonly isPart: boolean;
  /** Of the store now; undefined where nobody knows. */
  readonly generation: string | undefined;
  /** What this run passes over, in any form. */
  readonly rules: string;
  readonly libc: Libc;
  readonly ops: FileOps;
}

/** What an earlier run has left, open. */
export class EarlierRecord {
  readonly path: string;
  /** When its run began: milliseconds since 1970. */
  readonly begun: number;
  /** For the threads. */
  readonly shared: SharedRecord;
  readonly #opened: OpenRecord;
  readonly #end: RecordEnd | undefined;
  /** Undefined where that run has passed over other names. */
  readonly #directories: DirectoriesOf | undefined;
  readonly #ops: FileOps;

  private constructor(opened: OpenRecord, { isPart, generation, rules, ops }: EarlierOptions) {
    const { index, end } = isPart ? scanPart(opened) : readIndex(opened);
    const mustLook = generation === undefined || end?.generation !== generation;
    this.path = opened.path;
    this.begun = opened.head.begun;
    this.shared = { fd: numberOf(opened.fd), index, mustLook, isPart };
    this.#opened = opened;
    this.#end = end;
    this.#directories = opened.head.rules === rules ? new DirectoriesOf(this.shared) : undefined;
    this.#ops = ops;
  }

  /** Undefined for a part whose run is alive. Throws an Unusable, an errno. */
  static open(path: string, options: EarlierOptions): EarlierRecord | undefined {
    const { isPart, libc, ops } = options;
    const opened = openRecord(path, ops, isPart);
    let record: EarlierRecord | undefined;
    try {
      if (!isPart || tryDeadLock(libc, opened.fd)) record = new EarlierRecord(opened, options);
      return record;
    } finally {
      if (record === undefined) ops.closeSync(opened.fd);
    }
  }

  close(): void {
    this.#ops.closeSync(this.#opened.fd);
  }

  /** False where that run has passed over other names. */
  get knowsDirectories(): boolean {
    return this.#directories !== undefined;
  }

  /** What it says of a directory. Good until another one is asked for. */
  find(inTree: string): FoundInRecord | undefined {
    return this.#directories?.find(inTree);
  }

  /** The snapshot of its run, when so many directories are all that it had: then the tree is the same. */
  snapshotOf(directories: number): string | undefined {
    return this.#end?.directories === directories ? this.#end.snapshot : undefined;
  }
}
