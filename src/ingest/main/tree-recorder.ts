import { failed } from '../../errors.ts';
import { toFsPath } from '../../names.ts';
import { nodeStatus } from '../../native/file-status.ts';
import { BlockWriter } from '../../snapshot/block.ts';
import type { Reference } from '../../snapshot/reference.ts';
import { TreeBuilder } from '../../snapshot/tree-builder.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import type { FoundDirectory, FoundEntry } from '../../sources/walk/entries.ts';
import { splitPath } from '../../sources/walk/named-entries.ts';
import type { FileXattrs } from '../file-xattrs.ts';
import type { PendingDirectories, TaskBlocks, TaskDone } from '../messages.ts';
import { type PackedFiles, unpack } from '../packed-files.ts';
import { wordOf } from '../why-missing.ts';
import type { DirectoryRecords } from './directory-records.ts';

/** Collects what a run learns of its tree: from the walk, and from the workers. */
export class TreeRecorder {
  readonly builder = new TreeBuilder();
  readonly #xattrs: FileXattrs;
  readonly #records: DirectoryRecords | undefined;
  readonly #writer = new BlockWriter();
  readonly #pending: PendingDirectories[] = [];
  /** Directories that are what a record says, and which records those are. */
  #known = 0;
  readonly #knownIn = new Set<number>();
  #hasLines = false;
  /** The snapshot that has the very same tree: as long as nothing goes it need not be built. */
  same: Reference | undefined;

  /** `records`: undefined where nothing is recorded. */
  constructor(xattrs: FileXattrs, records?: DirectoryRecords) {
    this.#xattrs = xattrs;
    this.#records = records;
  }

  /** Directories that have no lines yet. */
  get pending(): readonly PendingDirectories[] {
    return this.#pending;
  }

  /**
   * The record that says all of the tree, and how many directories that are; undefined where anything
   * else was met.
   */
  get wholly(): { readonly record: number; readonly directories: number } | undefined {
    const [record] = this.#knownIn;
    if (this.#hasLines || record === undefined || this.#knownIn.size > 1) return undefined;
    return { record, directories: this.#known };
  }

  /** Functions throw an IngotError when there is no room to sort what they are given. */
  directory(found: FoundDirectory): void {
    const { inTree, status, path, lacks } = found;
    const why = lacks === undefined ? undefined : wordOf(lacks);
    const xattrs = this.#xattrs.at(path);
    this.#writer.directory(nameOf(inTree), status, { lacks: why, xattrs });
    this.#add(inTree, this.#writer.take());
    if (xattrs !== undefined) this.#records?.add(found, xattrs);
  }

  /** One that was not read, since it holds what a record says: its lines come from a batch. */
  known(record: number): void {
    this.#known++;
    this.#knownIn.add(record);
  }

  /** An entry that has ended where the walk met it. What no tree has is counted elsewhere. */
  missing({ inTree }: FoundEntry, why: string): void {
    if (inTree === undefined) return;
    this.#writer.missing(nameOf(inTree), why);
    const [directory] = splitPath(`/${inTree}`);
    this.#add(directory.slice(1), this.#writer.take());
  }

  /** What a task has learnt. */
  add({ directories, bytes, lengths, linked }: Omit<TaskBlocks, 'record'>): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const [index, inTree] of directories.entries()) {
      const end = at + lengths[index]!;
      this.#add(inTree, buffer.subarray(at, end), linked[index]);
      at = end;
    }
  }

  /** The directories of a batch that hold what a record says. */
  addBatch(files: PackedFiles, { listed, pending }: TaskDone): void {
    if (pending.length > 0) this.#pending.push({ files, pending });
    if (listed.length === 0) return;
    const wanted = new Set(listed.map(({ directory }) => directory));
    let index = 0;
    for (const found of unpack(files)) if (wanted.has(index++)) this.#itself(found);
  }

  /** One of whose entries not all are what they were. */
  #itself({ directory, inTree, known }: FoundFiles): void {
    const recorded = this.#records?.recorded(known!.record, inTree);
    if (recorded === undefined) {
      const path = toFsPath(directory);
      const status = statusAt(path);
      this.directory({ inTree, status, path });
    } else {
      const { status, xattrs } = recorded;
      this.#writer.directory(nameOf(inTree), status, { xattrs });
      this.#add(inTree, this.#writer.take());
    }
  }

  #add(inTree: string, block: Buffer, linked = false): void {
    this.#hasLines = true;
    this.builder.add(inTree, block, linked);
  }
}

/** Of a directory that a record knew when it was met, and knows no more. */
function statusAt(path: string | Buffer) {
  const what = 'cannot record a directory';
  try {
    const status = nodeStatus.atLink(path);
    if (status !== undefined) return status;
  } catch (error) {
    throw failed(what, error, { path: `${path}` });
  }
  throw failed(what, Object.assign(new Error('ENOENT'), { code: 'ENOENT' }), { path: `${path}` });
}

function nameOf(inTree: string): string {
  return inTree.slice(inTree.lastIndexOf('/') + 1);
}
