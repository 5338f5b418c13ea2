/** What engines report of their upkeep, and what a verify asks of one. */
import type { Digest } from '../../digest.ts';
import type { Failure } from '../../errors.ts';
import type { FileSystemStats } from '../../files/disk-space.ts';
import type { Estimate } from '../../progress/estimate.ts';
import type { AheadCost } from '../../read-ahead/cost.ts';
import type { Layout } from '../choices.ts';
import type { OnRefused, ReadHalf } from './read.ts';
import type { ModuleSource } from './write.ts';

export interface StoreStats {
  /** The store's address. */
  readonly root: string;
  readonly format: number;
  /** Undefined where the engine has only one. */
  readonly layout: Layout | undefined;
  /** Set while a relayout is unfinished. */
  readonly movingFrom: Layout | undefined;
  readonly objects: number;
  readonly bytes: number;
  readonly largest: { readonly digest: Digest; readonly size: number } | undefined;
  /** Undefined where it cannot be known, as without flock. */
  readonly writers: WriterStats | undefined;
  readonly quarantined: number;
  /** Objects that were put, and stay without a snapshot; undefined where none is pinned. */
  readonly pins?: number | undefined;
  /** Objects and folders that could not be looked at: they are in none of the counts. */
  readonly unreadable: number;
  /** On the way there, or left half-way by a kill. */
  readonly unsettled: number;
  /** Undefined where the store is not in one. */
  readonly fileSystem: FileSystemStats | undefined;
}

export interface WriterStats {
  readonly alive: number;
  /** Their temps are swept by the next writer. */
  readonly dead: number;
  readonly liveTemps: number;
  readonly deadTemps: number;
}

export interface StatsOptions {
  /** Aborting ends the counting and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second with the number of objects counted so far. */
  readonly onProgress?: ((objects: number) => void) | undefined;
  /** Called with each pin, before any object. */
  readonly onPin?: ((digest: Digest) => void) | undefined;
  /** Called with each object that is counted. */
  readonly onObject?: ((digest: Digest, size: number) => void) | undefined;
}

export interface RelayoutOptions {
  /** Aborting stops between two objects and rejects with INGOT_INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((progress: RelayoutProgress) => void) | undefined;
  /** Called when writers of the old layout are alive, with their number, and when it changes. */
  readonly onWaiting?: ((writers: number) => void) | undefined;
}

/** Counts only grow. Totals are known when the objects are counted. */
export interface RelayoutProgress extends Estimate {
  /** Objects to move that were found so far; `moved` may pass it where writers go on. */
  readonly found: number;
  /** They are still being counted, and none has moved. */
  readonly counting: boolean;
  readonly moved: number;
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
}

export interface RelayoutReport {
  readonly layout: Layout;
  readonly moved: number;
  /** Objects that lay in both layouts, of which the sound one was kept. */
  readonly merged: number;
}

export interface DamagedObject {
  readonly digest: Digest;
  readonly path: string;
  readonly why: string;
  /** In bytes; 0 when it could not be opened. */
  readonly size: number;
}

/** What could not be looked at: maybe sound. */
export interface UnreadableObject {
  /** Undefined for a folder of objects. */
  readonly digest: Digest | undefined;
  readonly path: string;
  readonly failure: Failure;
}

export interface VerifyBatch {
  /** Those that could be read, damaged ones among them. */
  readonly checked: number;
  readonly bytes: number;
  readonly damaged: readonly DamagedObject[];
  readonly unreadable: readonly UnreadableObject[];
  /** Objects that were removed or quarantined between listing and checking. */
  readonly gone: number;
  /** Objects left out because they are large: to be sent again, one in a batch. */
  readonly large: readonly Digest[];
  /** Undefined where the engine does not measure them. */
  readonly reads?: AheadCost | undefined;
}

/** Checks a batch in a worker thread. `onRead` is called with bytes as they are read. */
export type Check = (digests: readonly Digest[], onRead: (bytes: number) => void) => VerifyBatch;

/**
 * Looks for objects in a worker thread and reads none: gives the size of each in bytes, -1 for one
 * that is not there, and NaN for one that cannot be looked at.
 */
export type Look = (digests: readonly Digest[]) => readonly number[];

/** What a store holds. */
export interface StoreTotals {
  readonly objects: number;
  /** An estimate, where there are many objects. */
  readonly bytes: number;
}

/** What a verify asks of an engine, on the main thread. */
export interface Verifier {
  /** How a worker makes its `Check`. */
  readonly worker: ModuleSource;
  readonly list: ReadHalf<Digest>['list'];
  count(signal: AbortSignal): Promise<StoreTotals>;
  /**
   * Moves a damaged object aside, durably, and not before all holds are released: gives its new
   * place, or what kept it from being moved, or neither when it is no longer there. Throws an
   * IngotError for a shortage of the machine and for a failed flush, and the signal's reason.
   */
  quarantine(
    object: DamagedObject,
    signal?: AbortSignal,
  ): Promise<{
    readonly moved?: string | undefined;
    readonly unmoved?: Failure | undefined;
  }>;
  /** Objects that a cut-off quarantine has left half-way: maybe sound, and not to be read. */
  countUnsettled(onRefused: OnRefused): number;
}

export type PlaceKind = 'store' | 'empty' | 'missing' | 'other directory';

/** Where a doctor or a selftest probes a disk. */
export interface ProbePlace {
  /** What is at the path of the store. */
  readonly kind: PlaceKind;
  /** The existing directory that is probed. */
  readonly directory: string;
  /** Of a store that is there. */
  readonly layout: Layout | undefined;
  /** Ours alone, in `directory`. */
  readonly folder: string;
  /** Folders of dead writers and doctors that were removed. */
  readonly swept: number;
  /** Why syncfs(2) cannot be the barrier here; undefined where it can. */
  readonly syncfsObstacle: string | undefined;
  /**
   * Removes the folder with all that is in it. Throws an IngotError when that fails, but none after
   * a failure, which it would hide: what stays is removed the next time.
   */
  close(succeeded: boolean): void;
}
