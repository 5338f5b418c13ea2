/**
 * Ingests a batch of small files in one group: read, hash, claim, stage each; then one commit.
 * All calls are synchronous and share one buffer: the worker is a thread of its own.
 */
import { isUnchanged, type StatusReader } from '../native/file-status.ts';
import type { OpenAt } from '../native/libc.ts';
import { digestOf } from '../store/digest.ts';
import type { Group } from '../store/seam.ts';
import { BatchFiles } from './batch-files.ts';
import type { Claims } from './claims.ts';
import {
  type BatchTask,
  type DeferredFile,
  LEFT,
  type Problem,
  type TaskDone,
} from './messages.ts';
import { OUTCOMES, type Outcome } from './outcome.ts';
import { countOf } from './packed-files.ts';
import {
  changedRefusal,
  closeSource,
  kindOf,
  READ_ATTEMPTS,
  type Refusal,
  readToEnd,
  refusalOf,
} from './source-file.ts';
import type { CostMeter } from './task-cost.ts';

/** Files below this many bytes are read whole; larger ones get a task of their own. */
export const SMALL_FILE_BYTES = 4 << 20;

/**
 * A batch gives back the rest after so many bytes read: else a batch of 1,000 files just under
 * the limit would hold 4 GB in one group, and the other workers would wait for it at the end.
 */
const BATCH_BYTES = 128 << 20;

const CODE = Object.fromEntries(OUTCOMES.map((outcome, code) => [outcome, code])) as Record<
  Outcome,
  number
>;

export interface BatchContext {
  readonly claims: Claims;
  /** At least SMALL_FILE_BYTES + 1, so that a file that grew past the limit is noticed. */
  readonly buffer: Buffer;
  readonly status: StatusReader;
  readonly openAt: OpenAt | undefined;
  /** True when the run ends early: what is not begun is given back. */
  stopped(): boolean;
}

type BatchOutcome = Omit<TaskDone, 'status' | 'cost'>;

/** Reads and stages the files of a batch; the caller commits the group. */
export class BatchRun {
  readonly #task: BatchTask;
  readonly #context: BatchContext;
  readonly #group: Group;
  readonly #meter: CostMeter;
  readonly #files: BatchFiles;
  readonly #outcomes: Uint8Array;
  readonly #sizes: Uint32Array;
  readonly #owners: Int32Array;
  readonly #digests: string[] = [];
  readonly #problems: Problem[] = [];
  readonly #deferred: DeferredFile[] = [];
  #bytes = 0;
  /** True when a duplicate relies on another task's claim. */
  #relies = false;

  constructor(task: BatchTask, context: BatchContext, group: Group, meter: CostMeter) {
    const count = countOf(task.found);
    this.#task = task;
    this.#context = context;
    this.#group = group;
    this.#meter = meter;
    this.#files = new BatchFiles(task.found, context.openAt);
    this.#outcomes = new Uint8Array(count).fill(LEFT);
    this.#sizes = new Uint32Array(count);
    this.#owners = new Int32Array(count);
  }

  /** Throws when the store or the machine fails: then the whole batch has failed. */
  async run(commit: () => Promise<void>): Promise<BatchOutcome> {
    try {
      while (this.#ingestUntilFull()) await commit();
    } finally {
      this.#files.close();
    }
    await commit();
    return {
      outcomes: this.#outcomes,
      sizes: this.#sizes,
      owners: this.#relies ? this.#owners : NO_OWNERS,
      digests: this.#task.wantDigests ? this.#joinedDigests() : '',
      problems: this.#problems,
      deferred: this.#deferred,
    };
  }

  /**
   * Goes on with the batch. True when the group is full, and has to be committed before the rest.
   * Without a pause: V8 would optimize a loop with one anew in every batch.
   */
  #ingestUntilFull(): boolean {
    while (this.#bytes < BATCH_BYTES && !this.#context.stopped() && this.#files.advance()) {
      this.#ingest(this.#files.index);
      if (this.#group.full) return true;
    }
    return false;
  }

  #ingest(index: number): void {
    const begun = performance.now();
    const read = this.#read();
    const readAt = performance.now();
    this.#meter.readMs += readAt - begun;
    if (typeof read === 'object') this.#refuse(index, read);
    else if (read < 0) this.#deferred.push({ index, size: -read });
    else this.#store(index, this.#context.buffer.subarray(0, read), readAt);
  }

  /** Gives the number of bytes in the buffer; below zero the size of a file too large for it. */
  #read(): number | Refusal {
    let fd: number;
    try {
      fd = this.#files.open();
    } catch (error) {
      return refusalOf(error, this.#files.path);
    }
    try {
      return this.#readOpen(fd);
    } catch (error) {
      return refusalOf(error, this.#files.path);
    } finally {
      closeSource(fd);
    }
  }

  #readOpen(fd: number): number | Refusal {
    const { buffer, status } = this.#context;
    let before = status.ofOpen(fd);
    const kind = kindOf(before);
    if (kind !== undefined) return { outcome: 'unsupported', kind };
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      if (before.size > SMALL_FILE_BYTES) return -before.size;
      const size = readToEnd(fd, buffer, before.size);
      if (size < 0) return -buffer.length;
      const after = status.ofOpen(fd);
      if (isUnchanged(before, after)) return size;
      before = after;
    }
    return changedRefusal(this.#files.path);
  }

  #refuse(index: number, refusal: Refusal): void {
    this.#outcomes[index] = CODE[refusal.outcome];
    this.#problems.push({ index, ...refusal });
  }

  #store(index: number, bytes: Buffer, begun: number): void {
    const digest = digestOf(bytes);
    const hashed = performance.now();
    this.#meter.hashMs += hashed - begun;
    this.#meter.bytesRead += bytes.length;
    this.#bytes += bytes.length;
    this.#sizes[index] = bytes.length;
    if (this.#task.wantDigests) this.#digests[index] = digest;
    const owner = this.#context.claims.claim(digest, this.#task.id);
    if (owner !== 0) {
      this.#outcomes[index] = CODE.duplicate;
      // A claim of this very task shares its fate: all of it is reported, or none.
      if (owner !== this.#task.id) {
        this.#owners[index] = owner;
        this.#relies = true;
      }
    } else if (this.#group.lookup(digest, bytes.length) === 'present') {
      this.#outcomes[index] = CODE.duplicate;
    } else {
      this.#group.stage(digest, bytes);
      this.#outcomes[index] = CODE.new;
    }
    this.#meter.writeMs += performance.now() - hashed;
  }

  #joinedDigests(): string {
    let joined = '';
    for (let index = 0; index < this.#outcomes.length; index++)
      joined += this.#digests[index] ?? NO_DIGEST;
    return joined;
  }
}

const NO_DIGEST = ' '.repeat(64);
const NO_OWNERS = new Int32Array(0);
