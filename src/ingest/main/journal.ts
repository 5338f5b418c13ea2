/** What becomes of each entry of a run, added to a file as it goes. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { bestEffort, failed, IngotError } from '../../errors.ts';
import {
  type FileOps,
  flushDirectory,
  nodeFileOps,
  type StoreFd,
  writeFully,
} from '../../files/file-ops.ts';
import { isWithoutLocks, tryLock } from '../../files/locks.ts';
import { outputPlace, refuseWithin } from '../../files/output-place.ts';
import { requireGiven } from '../../files/standard-streams.ts';
import { toFsPath } from '../../names.ts';
import { numberOf } from '../../native/descriptor.ts';
import type { Libc } from '../../native/libc.ts';
import type { EntryReport } from '../outcome.ts';
import { type EndFacts, endLine, entryLine, type RunFacts, runLine } from './journal-line.ts';

export interface JournalOptions {
  /** The store's folder: no journal is written into it. */
  readonly store?: string | undefined;
  readonly libc?: Libc | undefined;
  readonly ops?: FileOps;
}

const WHAT = 'cannot write the journal';

/** Lines leave together once they have so many characters, or so long after the last ones. */
const BUFFERED = 64 << 10;
const BUFFERED_MS = 1000;

const NEWLINE = 0x0a;

const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = fs.constants;

export class JournalWriter {
  /** Its path, in the escaped form of names.ts. */
  readonly file: string;
  readonly #fd: StoreFd;
  readonly #isNew: boolean;
  readonly #ops: FileOps;
  #waiting = '';
  #lastMs = 0;
  #hasBegun = false;
  #hasFailed = false;

  private constructor(file: string, fd: StoreFd, isNew: boolean, ops: FileOps) {
    this.file = file;
    this.#fd = fd;
    this.#isNew = isNew;
    this.#ops = ops;
  }

  /**
   * Opens the file, makes it if it is missing, and writes nothing yet. Throws an IngotError where
   * none can be written, and while another run writes it.
   */
  static open(target: string, { store, libc, ops = nodeFileOps }: JournalOptions): JournalWriter {
    try {
      requireGiven(target);
      const { path, there } = outputPlace(target, libc);
      if (there !== undefined && !there.isFile()) throw noFile(target);
      if (store !== undefined) refuseWithin(store, dirname(path), target);
      const fd = ops.openSync(toFsPath(path), O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
      let journal: JournalWriter | undefined;
      try {
        if (!isOurs(libc, fd, target)) throw inUse(target);
        journal = new JournalWriter(path, fd, there === undefined, ops);
      } finally {
        if (journal === undefined) ops.closeSync(fd);
      }
      return journal;
    } catch (error) {
      throw failed(WHAT, error, { path: target });
    }
  }

  /** Writes the line of the run at once: from here on a kill can be seen. Throws an IngotError. */
  begin(run: RunFacts): void {
    this.#hasBegun = true;
    this.#waiting = `${this.#endsInLine() ? '' : '\n'}${runLine(run)}`;
    this.#write();
  }

  /** Throws an IngotError when the line, or one before it, cannot be written. */
  add(entry: EntryReport): void {
    this.#waiting += entryLine(entry);
    const isLate = performance.now() - this.#lastMs >= BUFFERED_MS;
    if (isLate || this.#waiting.length >= BUFFERED) this.#write();
  }

  /** Writes how the run has ended. All its lines are durable on return. Rejects with an IngotError. */
  async end(facts: EndFacts): Promise<void> {
    if (!this.#hasBegun || this.#hasFailed) return;
    this.#waiting += endLine(facts);
    this.#write();
    try {
      await promisify(this.#ops.fsync)(this.#fd);
      if (this.#isNew) flushDirectory(this.#ops, toFsPath(dirname(this.file)));
    } catch (error) {
      throw failed(WHAT, error, { path: this.file });
    }
  }

  /** Gives up the file. One that was made for a run that never began goes. */
  close(): void {
    if (this.#isNew && this.#size === 0)
      bestEffort(() => this.#ops.unlinkSync(toFsPath(this.file)));
    this.#ops.closeSync(this.#fd);
  }

  /** False for a file whose last line a kill has torn. */
  #endsInLine(): boolean {
    const last = Buffer.alloc(1, NEWLINE);
    const size = this.#size;
    if (size > 0) fs.readSync(numberOf(this.#fd), last, 0, 1, size - 1);
    return last[0] === NEWLINE;
  }

  get #size(): number {
    return fs.fstatSync(numberOf(this.#fd)).size;
  }

  #write(): void {
    const lines = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#lastMs = performance.now();
    try {
      writeFully(this.#ops, this.#fd, lines);
    } catch (error) {
      this.#hasFailed = true;
      throw failed(WHAT, error, { path: this.file });
    }
  }
}

/** Lines of two runs could not be told apart. Where there are no locks, that is the user's care. */
function isOurs(libc: Libc | undefined, fd: StoreFd, target: string): boolean {
  try {
    return libc === undefined || tryLock(libc, fd, target);
  } catch (error) {
    if (!isWithoutLocks(error)) throw error;
    return true;
  }
}

function inUse(path: string): IngotError {
  return new IngotError({
    ...{ what: WHAT, code: 'INGOT_JOURNAL_IN_USE', path },
    why: 'another run is writing to it',
    hint: 'wait for that, or name another file',
  });
}

function noFile(path: string): IngotError {
  return new IngotError({
    ...{ what: WHAT, code: 'INGOT_NO_FILE', path },
    why: 'it is no regular file, to which lines can be added',
    hint: 'name a file',
  });
}
