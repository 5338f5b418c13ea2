/**
 * The write half of the seam. An engine has two halves of it: one in every worker, which stages and
 * commits groups, and one on the main thread, which does what all groups share. The pipeline makes
 * both and carries their messages; it knows nothing of temps, renames or folders, so an engine
 * without any of them fits as well.
 */
import type { Digest } from '../../digest.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import type { BarrierChoice, BarrierKind, Durability, Layout, Sharing } from '../choices.ts';

/** What a store keeps, each under a name: contents, runs of snapshot entries, snapshots. */
export interface Names {
  readonly objects: Digest;
  readonly segments: Digest;
  /** As `isReferenceName` has it; groups and readers throw INGOT_BAD_NAME for any other. */
  readonly references: string;
}
export type Space = keyof Names;

/**
 * What the store holds under a digest, measured against the content at hand. `unknown`: it is learnt
 * by the commit, or not to be relied on; the content is staged then.
 */
export type Presence = 'absent' | 'present' | 'damaged' | 'unknown';

/** What commits have found out. */
export interface Settled<Name extends string = Digest> {
  /**
   * Staged, and there already: stored by another writer, or known to none before. An engine that
   * replaces equal bytes may not notice.
   */
  readonly there: Name[];
  /**
   * Objects that were staged because what was there had another size or, where that was asked for,
   * other bytes.
   */
  readonly repaired: Name[];
}

/** One barrier's worth of contents, owned by one task. */
export interface Group<Name extends string = Digest> {
  /** True when the group should be committed before more is staged. */
  readonly full: boolean;

  /**
   * Looks for a content of this name and size. In a worker `absent` may be an old answer for what was
   * stored since the writer was opened: the commit settles it. Throws what the store's medium throws.
   */
  lookup(name: Name, size: number): Presence;

  /**
   * Accepts a content that lies in memory, which the caller may use anew at once. Visible under its
   * name only after `commit`.
   */
  stage(name: Name, bytes: Uint8Array): void;

  /** Accepts a content that comes in pieces, its digest still unknown. */
  stageStream(content: StreamedContent): StreamStage<Name>;

  /**
   * Accepts a content by sharing the blocks of an open file. Undefined where that cannot be
   * done; the caller then copies. The digest is computed over the shared blocks. An engine that
   * never can does not have it.
   */
  stageClone?(sourceFd: AnyDescriptor, device: number): CloneStage<Name> | undefined;

  /** True when a large content with this size and sample was stored before: hash it first. */
  knowsLarge(size: number, sample: string): boolean;

  /**
   * Makes all that was staged durable, then visible. In the spaces other than `objects` the first
   * content of a name stays. After a failure what was not visible yet is dropped; what was is whole,
   * and stays. Rejects with an error that has a `kind` where it is one of those.
   */
  commit(): Promise<void>;

  /** Drops what was staged and not committed. Never throws. */
  discard(): void;

  /** Of all commits so far, one that failed included. */
  readonly settled: Settled<Name>;

  /** Time spent and things done since the group was made, for the report. */
  readonly cost: StoreCost;
}

export interface StreamedContent {
  /** Its likely size in bytes: a store without room reports how much it lacks. */
  readonly expected: number;
  /** Every piece but the last is whole pages long and begins at a page boundary in memory. */
  readonly aligned: boolean;
  /** The source has holes: pages of zeros need not take room. Default false. */
  readonly sparse?: boolean | undefined;
}

/**
 * A content being written piece by piece. End it with exactly one of `keep` and `drop`. A content
 * kept with a sample is known to `knowsLarge` from then on.
 */
export interface StreamStage<Name extends string = Digest> {
  /** The caller may use `bytes` anew once it has resolved. */
  write(bytes: Uint8Array): Promise<void>;
  keep(name: Name, size: number, sample: string | undefined): void;
  drop(): void;
}

/** A content taken over as shared blocks: read it back to learn its digest. */
export interface CloneStage<Name extends string = Digest> {
  readonly fd: AnyDescriptor;
  keep(name: Name, size: number, sample: string | undefined): void;
  drop(): void;
}

export interface StoreCost {
  /** Milliseconds in calls that make objects visible. */
  publishMs: number;
  /** Flushes of single files. */
  fileFlushes: number;
}

/** Sends a message of the engine's own kind to its main half and waits for the answer. One at a time. */
export type CallMain = (message: unknown) => Promise<unknown>;

/** The half that lives in a worker thread. */
export interface WorkerHalf {
  openGroup(callMain: CallMain): Group;
}

/** How a writer is opened. What an engine does not have it refuses with a UsageError. */
export interface WriteOptions {
  readonly durability: Durability;
  readonly barrier: BarrierChoice;
  /** Layout of a store that is created; an existing one keeps its own. */
  readonly layout?: Layout | undefined;
  /** Open the store to others, be it new or not. */
  readonly sharing?: Sharing | undefined;
  readonly verifyHits: boolean;
  /** Look and hash, but create and write nothing. */
  readonly dryRun: boolean;
  /**
   * The most groups that workers have open at once. 0: there are no workers, so there is nothing to
   * flush at the end, and opening shall be quick.
   */
  readonly groups: number;
  /**
   * Snapshots will be recorded: makes the store ready for that, which may wait for others who write
   * to it. Default false.
   */
  readonly snapshots?: boolean | undefined;
  /** Ends the waiting: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with a line on whom it waits for, and when that changes. */
  readonly onWaiting?: ((text: string) => void) | undefined;
}

/** What was learnt on opening a writer. */
export interface Opened {
  /** What dead writers left and was removed: temps. */
  readonly swept: number;
  /** What the user should know of this place, a line each. */
  readonly notices: readonly string[];
  /** Undefined where the engine has only one. */
  readonly layout: Layout | undefined;
  /** How a group is made durable; undefined where that is the engine's own affair. */
  readonly barrier: BarrierKind | undefined;
  /** As of `Hold`. */
  readonly generation: string | undefined;
}

/** As long as it lasts, no name of an object goes: hold it briefly. */
export interface Hold {
  /**
   * 1 to 64 small hex digits: another one than before when names may have gone since. Undefined where the store has none: in
   * a dry run, and before it has been made ready for snapshots.
   */
  readonly generation: string | undefined;
  /** May be called more than once. */
  release(): void;
}

/** How the work of a writer went. */
export type End = 'done' | 'failed';

/** The half that lives on the main thread: a writer. */
export interface MainHalf {
  readonly opened: Opened;

  /** How a worker makes its half. */
  readonly worker: ModuleSource;

  /** Answers a worker half's message, and rejects any other. A rejection fails the group that asked. */
  answer(message: unknown): Promise<unknown>;

  /** A group of this thread. Its commit makes names durable, too, those that look-ups found among them. */
  openGroup<S extends Space>(space: S): Group<Names[S]>;

  /** Contents that groups of this thread may have staged at once. */
  readonly maxStaged: number;

  /**
   * Makes the names of all workers' groups durable: once, when the last of them has committed. Only
   * after it has resolved may success be reported. Rejects when a flush fails, and with what the
   * signal was aborted with while something was left to do. Groups of this thread need none, and
   * may follow it.
   */
  flush(signal?: AbortSignal): Promise<void>;

  /** So far. */
  readonly flushes: FlushReport;

  /**
   * Waits until nobody takes names away. Rejects with the signal's reason. Groups may be committed
   * while it lasts; `end` releases it.
   */
  hold(signal?: AbortSignal): Promise<Hold>;

  /**
   * Keeps an object from being removed, whether a snapshot names it or not. It may be stored only
   * then: what a look-up finds after this stays. Durable when `flushPins` has resolved. Rejects with
   * the signal's reason. An engine that never removes what no snapshot names does not have it.
   */
  pin?(digest: Digest, signal?: AbortSignal): Promise<void>;

  /** Makes all pins durable that were made so far, unless the writer flushes nothing. */
  flushPins?(): Promise<void>;

  /**
   * A folder for what can be lost at any time, made where it is missing; undefined when it is missing
   * in a dry run. Throws an IngotError.
   */
  cacheFolder?(): string | undefined;

  /**
   * Gives up the writer, leaving nothing behind; flushes nothing. `done`: rejects when temps cannot
   * be removed. `failed`: never rejects; what stays is removed by the next writer.
   */
  end(how: End): Promise<void>;
}

export interface FlushReport {
  /** Barriers that served all waiting groups. */
  readonly barriers: number;
  /** Flushes of directories. */
  readonly directoryFlushes: number;
}

/** Plain data, to be posted to a thread: what to load there, and what to give it. */
export interface ModuleSource {
  /** Address (file:) of the engine's module. */
  readonly module: string;
  /** For its functions, which alone understand it. */
  readonly init: unknown;
}

/** What a worker thread is to the writer it works for. */
export interface WorkerThread {
  /** Its own among those of the writer, from 1 on. */
  readonly number: number;
  /** Its user may end it at any moment: what it has open should be closed by Node then. */
  readonly mayBeTerminated: boolean;
}
