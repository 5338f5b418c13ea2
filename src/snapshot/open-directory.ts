/** A directory of a tree that is being put together: its blocks, merged by name. */
import { type FileOps, type StoreFd, writeFully } from '../files/file-ops.ts';
import { openUnlinked } from '../files/unlinked-temp.ts';
import { escapeName } from '../names.ts';
import { mergeInMemory, mergeRuns } from '../sort/merge-runs.ts';
import type { SortedRecord } from '../sort/sorted-record.ts';
import { nameIn } from './block.ts';

/** Blocks of one directory in memory; one with more goes to a file. */
const MEMORY_BYTES = 32 << 20;
const MIN_BUFFER_BYTES = 4 << 10;

/** The blocks of one directory, until all are known. */
export class DirectoryBlocks {
  readonly #ops: FileOps;
  readonly #blocks: Buffer[] = [];
  readonly #ends: number[] = [];
  #bytes = 0;
  #spilled: StoreFd | undefined;

  constructor(ops: FileOps) {
    this.#ops = ops;
  }

  /** Throws what writing to a temporary file fails with. */
  add(block: Buffer): void {
    this.#bytes += block.length;
    if (this.#spilled === undefined && this.#bytes > MEMORY_BYTES) {
      this.#spilled = openUnlinked(this.#ops);
      for (const each of this.#blocks.splice(0)) this.#spill(this.#spilled, each);
    }
    if (this.#spilled === undefined) this.#blocks.push(block);
    else this.#spill(this.#spilled, block);
  }

  #spill(fd: StoreFd, block: Uint8Array): void {
    writeFully(this.#ops, fd, block);
    this.#ends.push((this.#ends.at(-1) ?? 0) + block.length);
  }

  /** A name may come twice. */
  get areSeveral(): boolean {
    return this.#blocks.length > 1 || this.#spilled !== undefined;
  }

  /** The records of all blocks, sorted by name; each is valid until the next. */
  sorted(): Generator<SortedRecord> {
    if (this.#spilled === undefined) return mergeInMemory(this.#blocks);
    const runs = this.#ends.map((end, at) => ({ start: this.#ends[at - 1] ?? 0, end }));
    const buffer = Math.max(MIN_BUFFER_BYTES, Math.floor(MEMORY_BYTES / runs.length));
    return mergeRuns(this.#spilled, runs, buffer);
  }

  close(): void {
    if (this.#spilled !== undefined) this.#ops.closeSync(this.#spilled);
    this.#spilled = undefined;
  }
}

/** One whose line has been written, and whose entries are being written. */
export class OpenDirectory {
  /** Of its path, with a slash at the end; of the root the empty string. */
  readonly key: Buffer;
  readonly #blocks: DirectoryBlocks;
  readonly #records: Generator<SortedRecord>;
  #record: SortedRecord | undefined;
  #directory: string | undefined;
  /**
   * Names of leaves that the name of a directory still to come begins with, or is: between `a` and
   * `a/` lie `a-b/` and `a.txt`.
   */
  #leaves: Buffer[] = [];
  /** The name of the entry that was passed last. */
  #last: Buffer | undefined;

  constructor(key: Buffer, blocks: DirectoryBlocks) {
    this.key = key;
    this.#blocks = blocks;
    this.#records = blocks.sorted();
    this.#advance();
  }

  /** Its path, with a slash at the end. */
  get directory(): string {
    this.#directory ??= escapeName(this.key);
    return this.#directory;
  }

  /** The entry that comes next; undefined after the last. */
  get record(): SortedRecord | undefined {
    return this.#record;
  }

  /** The name of the entry that comes next is that of the one before. */
  get isRepeated(): boolean {
    return this.#last !== undefined && nameIn(this.#record!).equals(this.#last);
  }

  /**
   * Goes on to the next entry. `coming`: the name of the directory that comes after it, with a slash
   * at the end.
   */
  pass(coming: Buffer | undefined): void {
    const record = this.#record!;
    const { bytes, payloadAt, payloadLength, keyLength } = record;
    const at = payloadAt + payloadLength;
    if (coming !== undefined && keyLength < coming.length) {
      const isBeginning = coming.compare(bytes, at, at + keyLength, 0, keyLength) === 0;
      if (isBeginning) this.#leaves.push(Buffer.from(nameIn(record)));
    }
    if (this.#blocks.areSeveral) this.#last = Buffer.from(nameIn(record));
    this.#advance();
  }

  /** True when an entry that was passed has the name of a directory. */
  hasLeaf(name: Buffer): boolean {
    this.#leaves = this.#leaves.filter((leaf) => leaf.equals(name.subarray(0, leaf.length)));
    return this.#leaves.some((leaf) => leaf.equals(name));
  }

  close(): void {
    this.#records.return(undefined);
    this.#blocks.close();
  }

  #advance(): void {
    const { value, done } = this.#records.next();
    this.#record = done ? undefined : value;
  }
}
