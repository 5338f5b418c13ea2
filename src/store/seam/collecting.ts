/** What an engine does to take away what nobody needs. */
import type { Digest } from '../../digest.ts';
import type { Failure } from '../../errors.ts';
import type { ReadHalf } from './read.ts';

/** Spaces that lose names. */
export type TakenSpace = 'objects' | 'segments';

export interface CollectOptions {
  /** Only look: nothing is locked, and nothing can be taken. */
  readonly dryRun: boolean;
  /** Locks of this machine are known to be all that there are. */
  readonly thisHostOnly: boolean;
  /** Ends the waiting for others: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When the process began (ISO 8601), as far as it is known. */
  readonly since: string | undefined;
}

/** A name that may go. */
export interface Unneeded {
  readonly name: Digest;
  /** The bytes of its content; undefined where they are not known. */
  readonly size: number | undefined;
}

/** What is taken in one slice. */
export interface SliceParts {
  readonly space: TakenSpace;
  /** True for a reference of which it is known what it names. */
  readonly isKnown: (reference: string) => boolean;
  /** Gives one after the other; undefined at the end. */
  readonly next: () => Unneeded | undefined;
  /** Take only what is older, in milliseconds since 1970. */
  readonly olderThan?: number | undefined;
}

export interface Taken {
  count: number;
  bytes: number;
}

/** What could not be taken, and stays. */
export interface Stuck {
  count: number;
  first: Failure | undefined;
}

/** How it went so far. */
export interface CollectorTimes {
  readonly slices: number;
  /** How long others had to wait at most, in milliseconds. */
  readonly longestSliceMs: number;
  /** How long it waited for others, and for whom, as far as it is known. */
  readonly waitedMs: number;
  readonly waitedFor: readonly LockHolder[];
}

/** There is one at a time in a store, and no relayout beside it, until it is closed. */
export interface Collector {
  /** References that were let go. */
  readonly forgotten: ReadHalf<string>;

  readonly times: CollectorTimes;
  readonly stuck: Stuck;

  /**
   * When the oldest writer began that is alive, in milliseconds since 1970. It may have to look at all
   * names of the store. Throws an IngotError.
   */
  oldestWriter(): Promise<number>;

  /**
   * Takes names away, as many as may be in the time that others should wait at most: nobody holds
   * names meanwhile. Gives the references that are not known, and takes nothing then. What is pinned
   * stays. All that was forgotten before is durably forgotten. Throws an IngotError.
   */
  takeSlice(parts: SliceParts, taken: Taken): Promise<readonly string[]>;

  /** The size of what `takeSlice` would take; undefined where it would take nothing. */
  sizeOf(name: Digest, parts: Pick<SliceParts, 'space' | 'olderThan'>): number | undefined;

  /** Makes durable what was taken. Throws an IngotError. */
  flush(): void;

  /** Removes references that were let go, durably; gives their number. Throws an IngotError. */
  takeReferences(names: readonly string[]): Promise<number>;

  close(): void;
}
