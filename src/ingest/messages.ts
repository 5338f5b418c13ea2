/** Every message between the main thread and the workers. */

import type { MessagePort } from 'node:worker_threads';
import type { Digest } from '../digest.ts';
import type { Failure } from '../errors.ts';
import type { ReadAheadLimits } from '../read-ahead/choice.ts';
import type { TotalAheadCost } from '../read-ahead/cost.ts';
import type { SharedRecord } from '../record/record-reader.ts';
import type { FoundFile } from '../sources/found-files.ts';
import type { UnsupportedKind } from '../sources/kind.ts';
import type { ModuleSource } from '../store/seam/write.ts';
import type { Pool } from '../threads/pool.ts';
import type { ListedDirectory, PackedFiles } from './packed-files.ts';

/**
 * What holds for all tasks of a run. It comes with each of them, because the threads start before
 * the store is open; a worker reads it with its first.
 */
export interface WorkerSetup {
  /**
   * The run was begun in a worker thread. When its user terminates that, the pool's threads end with
   * it wherever they are: then Node closes what it has opened, and the temps are most of what is open.
   */
  readonly mayBeTerminated: boolean;
  /** How a worker makes its half of the store. */
  readonly store: ModuleSource;
  readonly claims: SharedArrayBuffer;
  /** Files with several names: see SeenFiles. */
  readonly seen: SharedArrayBuffer;
  /** What is learnt of entries is wanted for a snapshot, */
  readonly wantBlocks: boolean;
  /** with their extended attributes. */
  readonly wantXattrs: boolean;
  /** Undefined where nothing is recorded, and nothing known from earlier runs. */
  readonly record: RecordSetup | undefined;
  readonly readAhead: ReadAheadLimits;
  /** One Int32; not zero when tasks shall end early. */
  readonly stop: SharedArrayBuffer;
  /** One Int32: the number of the next worker. */
  readonly nextWorker: SharedArrayBuffer;
  /** Two BigInt64: bytes read so far by batches, and of large files. */
  readonly bytesRead: SharedArrayBuffer;
  /** One Int32: entries that batches have looked at so far, durable or not. */
  readonly entriesRead: SharedArrayBuffer;
}

/** What workers have to do with records. */
export interface RecordSetup {
  /** Of earlier runs. */
  readonly known: readonly SharedRecord[];
  /** What is learnt is wanted for a new one. */
  readonly isWanted: boolean;
  /** What counts in a match. */
  readonly inodes: boolean;
  readonly ctimes: boolean;
  /** Objects of unchanged entries are looked for, and re-hashed. */
  readonly verifyHits: boolean;
}

/** Many small files: hash, claim, stage, commit as one group. */
export interface BatchTask {
  readonly type: 'batch';
  readonly setup: WorkerSetup;
  /** Positive; the owner of the claims that this task makes. */
  readonly id: number;
  readonly files: PackedFiles;
  readonly wantDigests: boolean;
  /** Carries the store halves' messages while the task runs. */
  readonly port: MessagePort;
}

/** One large file. */
export interface LargeTask {
  readonly type: 'large';
  readonly setup: WorkerSetup;
  readonly id: number;
  readonly file: FoundFile;
  readonly port: MessagePort;
}

/** Lines for directories that are what a record says, as `pending` names them. */
export interface LinesTask {
  readonly type: 'lines';
  readonly setup: WorkerSetup;
  readonly id: number;
  readonly directories: PendingDirectories;
  readonly port: MessagePort;
}

export type Task = BatchTask | LargeTask | LinesTask;

/** Directories that were found to be what a record says, and of which no lines were made. */
export interface PendingDirectories {
  readonly files: PackedFiles;
  /** Which of the directories in `files`, in order. */
  readonly pending: readonly number[];
}

/** Why an entry was not stored. `index` counts the entries of the task. */
export interface Problem {
  readonly index: number;
  readonly failure?: Failure;
  readonly kind?: UnsupportedKind;
}

/** What was learnt of entries, for the snapshot. */
export interface TaskBlocks {
  /** Of each block, where its directory lies in the tree. */
  readonly directories: readonly string[];
  /** All blocks, one after the other: see src/snapshot/block.ts. Lent. */
  readonly bytes: Uint8Array;
  /** Of each, in bytes. */
  readonly lengths: readonly number[];
  /** Of each: a file in it may have other names. */
  readonly linked: readonly boolean[];
  /** Blocks for the record, if any: see src/record/layout.ts. Lent. */
  readonly record: Uint8Array | undefined;
}

export const NO_BLOCKS: TaskBlocks = {
  ...{ directories: [], bytes: new Uint8Array(0), lengths: [], linked: [], record: undefined },
};

export interface TaskDone {
  readonly status: 'done';
  /** For each entry the index of its outcome in OUTCOMES; or UNREAD, or LARGE. */
  readonly outcomes: Uint8Array;
  /** For each stored entry its size in bytes; for a LARGE one what is known of it, maybe 0. */
  readonly sizes: Float64Array;
  /** For each duplicate the task whose claim it relies on, else 0; empty when all are 0. */
  readonly owners: Int32Array;
  /** 64 characters an entry when they were wanted, spaces where there is none. */
  readonly digests: string;
  readonly problems: readonly Problem[];
  /** Which file a LARGE one with several names is, in any form: their tasks come one after the other. */
  readonly linked: ReadonlyMap<number, string>;
  /** Not all of a batch was begun: the run was stopped, or the batch had enough. */
  readonly isCutOff: boolean;
  /** Of directories whose names a record has, and which were not taken as a whole: their names. */
  readonly listed: readonly ListedDirectory[];
  /** Other directories that are what the record says, and of which there are no lines. */
  readonly pending: readonly number[];
  /** Of all entries but those given back; none where they are not wanted. */
  readonly blocks: TaskBlocks;
  readonly cost: TaskCost;
}

/**
 * The group could not be committed: none of its entries counts as stored. What it had published by
 * then is whole, and stays.
 */
export interface TaskFailed {
  readonly status: 'failed';
  readonly failure: Failure;
  readonly cost: TaskCost;
}

export type TaskReply = TaskDone | TaskFailed;

/** The pool of an ingest. */
export type IngestPool = Pool<Task, TaskReply>;

/** Marks an entry that the task gives back unread: the run was stopped, or the batch had enough. */
export const UNREAD = 255;
/** Marks a large file that a batch gives back: it gets a task of its own. */
export const LARGE = 254;

/** What a task took. Milliseconds are a worker's own; bytes and counts are sums. */
export interface TaskCost extends TotalAheadCost {
  readMs: number;
  hashMs: number;
  writeMs: number;
  /** The worker had nothing to do but wait for barriers. */
  barrierMs: number;
  publishMs: number;
  bytesRead: number;
  /** Of unchanged files, which were not read. */
  bytesKnown: number;
  /** Unchanged entries of a run that was cut off. */
  resumed: number;
  /** Blocks of records that could not be used. */
  damagedBlocks: number;
  fileFlushes: number;
  repaired: readonly Digest[];
}

/** From a worker's store half to the main half, and back. */
export interface StoreCall {
  readonly message: unknown;
}
export type StoreAnswer =
  | { readonly status: 'done'; readonly answer: unknown }
  | { readonly status: 'failed'; readonly failure: Failure };
