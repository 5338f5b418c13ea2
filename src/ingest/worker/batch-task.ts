/**
 * Ingests a batch of small files in one group: read, hash, claim, stage each; then one commit.
 * All calls are synchronous and share one buffer: the worker is a thread of its own.
 */

import { digestOf } from '../../digest.ts';
import { type FileStatus, isUnchanged } from '../../native/file-status.ts';
import type { SourceFd } from '../../native/files.ts';
import type { Devices } from '../../sources/devices.ts';
import type { FoundFiles } from '../../sources/found-files.ts';
import { READ_ATTEMPTS, Readings } from '../../sources/readings.ts';
import {
  changedRefusal,
  closeSource,
  kindOf,
  MIN_READ,
  type Refusal,
  readToEnd,
  refusalOf,
  replacedRefusal,
  unreadableOf,
} from '../../sources/source-file.ts';
import type { Group } from '../../store/seam/write.ts';
import type { Claims } from '../claims.ts';
import { blocksFor } from '../entry-blocks.ts';
import type { FileXattrs } from '../file-xattrs.ts';
import type { BatchTask } from '../messages.ts';
import type { SeenFiles } from '../seen-files.ts';
import type { CostMeter } from '../task-cost.ts';
import { BatchFiles } from './batch-files.ts';
import { type BatchOutcome, BatchResult } from './batch-result.ts';
import type { AheadContext } from './files-ahead.ts';
import { KnownInBatch } from './known-in-batch.ts';
import { SMALL_FILE_BYTES } from './small-files.ts';
import type { UnchangedEntries } from './unchanged-entries.ts';
import type { WholeDirectories } from './whole-directories.ts';

/** What a worker reads small files into: room for one more read shows that a file is larger. */
export const BATCH_BUFFER_BYTES = SMALL_FILE_BYTES + MIN_READ;

/**
 * A batch gives back the rest after this many bytes: else a batch of 1,000 files just under the
 * limit would hold 4 GB in one group, and the other workers would wait for it at the end.
 */
const BATCH_BYTES = 128 << 20;

export interface BatchContext extends AheadContext {
  readonly claims: Claims;
  /** Of BATCH_BUFFER_BYTES. */
  readonly buffer: Uint8Array;
  readonly xattrs: FileXattrs;
  readonly devices: Devices;
  readonly unchanged: UnchangedEntries;
  readonly whole: WholeDirectories;
  readonly seen: SeenFiles;
  /** Counts each entry that was looked at. */
  readonly entriesRead: Int32Array;
}

/**
 * Reads and stages the files of a batch; the caller commits the group.
 *
 * Where possible, the code that every file runs has no branch that only rare files take: V8 throws
 * optimized code away when it comes to a line that it has never seen run.
 */
export class BatchRun {
  readonly #task: BatchTask;
  readonly #context: BatchContext;
  readonly #group: Group;
  readonly #meter: CostMeter;
  readonly #files: BatchFiles;
  readonly #result: BatchResult;
  readonly #known: KnownInBatch;
  #found: FoundFiles | undefined;
  /** Of the file that is being read. */
  #status: FileStatus | undefined;
  #xattrs: string | undefined;
  #lookedAt = 0;
  #bytes = 0;
  /** Of a file that changed meanwhile. */
  #sizeRead = 0;

  constructor(task: BatchTask, context: BatchContext, group: Group, meter: CostMeter) {
    this.#task = task;
    this.#context = context;
    this.#group = group;
    this.#meter = meter;
    const { count } = task.files;
    const blocks = blocksFor(task.setup, context.devices, count);
    const result = new BatchResult(count, blocks, task.wantDigests);
    this.#result = result;
    this.#known = new KnownInBatch({ task, context, group, meter, result });
    this.#files = new BatchFiles(task.files, context, meter, this.#known);
  }

  /** Throws when the store or the machine fails: then the whole batch has failed. */
  async run(commit: () => Promise<void>): Promise<BatchOutcome> {
    try {
      while (this.#ingestUntilFull()) {
        // Nothing of the sources stays open while a task waits: its thread may be terminated then.
        this.#files.pause();
        await commit();
      }
    } finally {
      this.#files.close();
    }
    await commit();
    const isCutOff = !this.#files.areAllBegun;
    return this.#result.take(this.#group.settled.there, { isCutOff });
  }

  /**
   * Goes on with the batch. True when the group is full, and has to be committed before the rest.
   * Without an await: V8 would optimize a loop with one anew in every batch.
   */
  #ingestUntilFull(): boolean {
    while (this.#bytes < BATCH_BYTES && !this.#context.stopped() && this.#files.advance()) {
      this.#enter();
      const { index } = this.#files;
      if (this.#known.isUnchanged(this.#files)) this.#context.width.passed();
      else if (this.#files.isLink) this.#readLink(index);
      else this.#ingest(index);
      Atomics.add(this.#context.entriesRead, 0, 1);
      if (this.#group.full) return true;
    }
    return false;
  }

  #enter(): void {
    const { found } = this.#files;
    if (found === this.#found) return;
    this.#found = found;
    this.#known.enter(this.#files);
  }

  #readLink(index: number): void {
    try {
      const link = this.#files.readLink(this.#context.status);
      if (link === undefined) return void this.#refuse(index, replacedRefusal(this.#files.path));
      this.#result.link(index, this.#files.name, link);
    } catch (error) {
      this.#refuse(index, refusalOf(error, this.#files.path));
    }
  }

  #ingest(index: number): void {
    const begun = this.#files.begins();
    let size = this.#read(index);
    if (size === AGAIN) size = this.#readAgain(index);
    const readAt = performance.now();
    this.#meter.readMs += readAt - begun;
    if (size === NOTHING) return;
    this.#files.wasRead(size, readAt);
    this.#store(index, size, readAt);
  }

  /**
   * Gives the number of bytes in the buffer, or NOTHING when there is nothing to store, or AGAIN
   * when the file changed: then there are `#sizeRead` bytes in the buffer.
   */
  #read(index: number): number {
    let fd: SourceFd;
    try {
      fd = this.#files.open();
    } catch (error) {
      return this.#refuse(index, refusalOf(error, this.#files.path));
    }
    try {
      return this.#readOpen(index, fd);
    } catch (error) {
      return this.#refuse(index, unreadableOf(error, this.#files.path));
    } finally {
      closeSource(this.#context.files, fd);
    }
  }

  #readOpen(index: number, fd: SourceFd): number {
    const { buffer, files, status, xattrs } = this.#context;
    this.#lookedAt = Date.now();
    const before = status.ofOpen(fd);
    const kind = kindOf(before);
    if (kind !== undefined) return this.#refuse(index, { outcome: 'unsupported', kind });
    if (before.links > 1 && this.#known.isSeen(this.#files, before, fd)) return NOTHING;
    // Replaced once a small file is read: a branch that only large ones take would be a rare one.
    this.#result.large(index, before.size);
    if (before.size > SMALL_FILE_BYTES) {
      this.#result.linked(index, before);
      return NOTHING;
    }
    const size = readToEnd(files, fd, buffer, before.size);
    if (size < 0) {
      this.#result.large(index, SMALL_FILE_BYTES + 1);
      return NOTHING;
    }
    this.#status = before;
    if (this.#result.blocks !== undefined) this.#xattrs = xattrs.ofOpen(fd);
    if (isUnchanged(before, status.ofOpen(fd))) return size;
    this.#sizeRead = size;
    return AGAIN;
  }

  /** Goes on with a file that changed while it was read, as `#read` does. It is opened anew. */
  #readAgain(index: number): number {
    const readings = new Readings();
    for (let attempt = 1; ; attempt++) {
      const read = this.#sizeRead;
      const digest = digestOf(this.#inBuffer(read));
      if (readings.mayStore({ size: read, digest }, false)) return read;
      if (attempt === READ_ATTEMPTS) return this.#refuse(index, changedRefusal(this.#files.path));
      const size = this.#read(index);
      if (size !== AGAIN) return size;
    }
  }

  #refuse(index: number, refusal: Refusal): typeof NOTHING {
    this.#result.refuse(index, this.#files.name, refusal);
    return NOTHING;
  }

  #inBuffer(size: number): Uint8Array {
    const { buffer } = this.#context;
    return new Uint8Array(buffer.buffer, buffer.byteOffset, size);
  }

  #store(index: number, size: number, begun: number): void {
    const { claims } = this.#context;
    const bytes = this.#inBuffer(size);
    const digest = digestOf(bytes);
    const hashed = performance.now();
    this.#meter.hashMs += hashed - begun;
    this.#meter.bytesRead += size;
    this.#bytes += size;
    const owner = claims.claim(digest, this.#task.id);
    const isThere = owner !== 0 || this.#group.lookup(digest, size) === 'present';
    if (!isThere) this.#group.stage(digest, bytes);
    // A claim of this very task shares its fate: all of it is reported, or none.
    const other = owner === this.#task.id ? 0 : owner;
    this.#result.stored(index, digest, size, other, isThere);
    const [status, xattrs, lookedAt] = [this.#status!, this.#xattrs, this.#lookedAt];
    const file = { status, size, digest, xattrs, lookedAt };
    this.#result.blocks?.file(this.#files.name, file);
    if (status.links > 1) this.#context.seen.add(file, this.#found!.directory);
    this.#meter.writeMs += performance.now() - hashed;
  }
}

/** In place of a size: the entry has ended, or is LARGE. */
const NOTHING = -1;
/** In place of a size: the file has to be read again. */
const AGAIN = -2;
