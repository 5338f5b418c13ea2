/**
 * The seam between the pipeline and a store. A store has two halves: one in every worker, which
 * stages and commits groups of objects, and one on the main thread, which does what all groups
 * share. The pipeline makes both and carries their messages; it knows nothing of temps, renames
 * or folders, so an engine without any of them fits as well.
 */
import type { Digest } from '../digest.ts';
import type { AnyDescriptor } from '../native/descriptor.ts';

/** What the store holds under a digest, measured against the content at hand. */
export type Presence = 'absent' | 'present' | 'damaged';

/** One barrier's worth of objects, owned by one task in one worker. */
export interface Group {
  /** True when the group should be committed before more is staged. */
  readonly full: boolean;

  /** Looks for an object of this digest and size. Throws what the store's medium throws. */
  lookup(digest: Digest, size: number): Presence;

  /** Accepts a content that lies in memory. Visible under its digest only after `commit`. */
  stage(digest: Digest, bytes: Uint8Array): void;

  /** Accepts a content that comes in pieces, its digest still unknown. */
  stageStream(content: StreamedContent): StreamStage;

  /**
   * Accepts a content by sharing the blocks of an open file. Undefined where that cannot be
   * done; the caller then copies. The digest is computed over the shared blocks.
   */
  stageClone(sourceFd: AnyDescriptor, device: number): CloneStage | undefined;

  /** True when a large content with this size and sample was stored before: hash it first. */
  knowsLarge(size: number, sample: string): boolean;

  /**
   * Makes all that was staged durable, then visible. After a failure what was not visible yet is
   * dropped; what was is whole, and stays.
   */
  commit(): Promise<void>;

  /** Drops what was staged and not committed. Never throws. */
  discard(): void;

  /** Time spent and things done since the group was made, for the report. */
  readonly cost: StoreCost;
}

export interface StreamedContent {
  /** Its likely size in bytes: a store without room reports how much it lacks. */
  readonly expected: number;
  /** Every piece but the last is whole pages long and begins at a page boundary in memory. */
  readonly aligned: boolean;
}

/**
 * A content being written piece by piece. End it with exactly one of `keep` and `drop`. A content
 * kept with a sample is known to `knowsLarge` from then on.
 */
export interface StreamStage {
  write(bytes: Uint8Array): Promise<void>;
  keep(digest: Digest, size: number, sample: string | undefined): void;
  drop(): void;
}

/** A content taken over as shared blocks: read it back to learn its digest. */
export interface CloneStage {
  readonly fd: AnyDescriptor;
  keep(digest: Digest, size: number, sample: string | undefined): void;
  drop(): void;
}

export interface StoreCost {
  /** Milliseconds in calls that make objects visible. */
  publishMs: number;
  /** Flushes of single files. */
  fileFlushes: number;
  repaired: Digest[];
}

/** Sends a message of the engine's own kind to its main half and waits for the answer. */
export type CallMain = (message: unknown) => Promise<unknown>;

/** The half that lives in a worker thread. */
export interface WorkerHalf {
  openGroup(callMain: CallMain): Group;
}

/** The half that lives on the main thread. */
export interface MainHalf {
  /** What a worker needs to make its half: plain data, posted to each thread. */
  readonly workerInit: unknown;
  /** Answers a worker half's message. A rejection fails the group that asked. */
  answer(message: unknown): Promise<unknown>;
  /**
   * Makes all names durable and ends the writer. Only after it has resolved may success be
   * reported. Throws when a flush fails, and what the signal was aborted with.
   */
  finish(signal?: AbortSignal): Promise<FlushReport>;
  /**
   * Ends the writer without a flush, leaving nothing behind: after a failure, or when each object
   * was flushed on its own. Never throws.
   */
  abandon(): void;
}

export interface FlushReport {
  /** Barriers that served all waiting groups. */
  barriers: number;
  /** Flushes of directories. */
  directoryFlushes: number;
}
