/**
 * The seam between ingot and a store: all that is known above of what keeps one. An engine writes
 * (write.ts), reads (read.ts) and looks after a store (upkeep.ts). What it cannot do it does not
 * have, and the callers say so.
 */
import type { Digest } from '../../digest.ts';
import type { Failure } from '../../errors.ts';
import type { ReadAheadLimits } from '../../read-ahead/choice.ts';
import type { Layout, Sharing } from '../choices.ts';
import type { CollectOptions, Collector } from './collecting.ts';
import type { Forgetting } from './forgetting.ts';
import type { ReadHalf, ThreadReader } from './read.ts';
import type {
  Check,
  Look,
  ProbePlace,
  RelayoutOptions,
  RelayoutReport,
  StatsOptions,
  StoreStats,
  Verifier,
} from './upkeep.ts';
import type {
  MainHalf,
  ModuleSource,
  Names,
  Space,
  WorkerHalf,
  WorkerThread,
  WriteOptions,
} from './write.ts';

/** One store, at one address. Nothing is looked at, nor loaded, before a method is called. */
export interface Engine {
  /** In messages and reports; of a local store its absolute path. */
  readonly address: string;

  /** Of this machine, that holds the store: walks leave it out, and no output may lie in it. */
  readonly folder: string | undefined;

  /**
   * Finds the store, or creates it where that is asked for. Throws an IngotError: INGOT_NO_STORE,
   * INGOT_NOT_A_STORE, INGOT_BAD_FORMAT, INGOT_NEWER_FORMAT, INGOT_LAYOUT, or an errno; a
   * UsageError for what the engine does not have.
   */
  open(options: OpenStoreOptions): Promise<StoreFacts>;

  /**
   * Opens the store for writing: creates it if it is missing, removes what dead writers left. Throws
   * an IngotError; nothing is left behind then.
   */
  openWriter(options: WriteOptions): Promise<MainHalf>;

  /** Throws as `open`. */
  openReader<S extends Space>(space: S): Promise<ReadHalf<Names[S]>>;

  /** How worker threads make their `ThreadReader`. Throws as `open`. */
  threadReader(): Promise<ModuleSource>;

  /** `quarantine`: damaged objects are to be moved. Throws as `open`. */
  openVerifier(options: { readonly quarantine: boolean }): Promise<Verifier>;

  stats(options: StatsOptions): Promise<StoreStats>;

  /** For a user of the store: what is unsafe about it, if it is there. Throws an IngotError. */
  warning(): Promise<Failure | undefined>;

  /** The same for one who is about to make it. */
  warningOfNew(): Promise<Failure | undefined>;

  /** Moves all objects to a layout. */
  relayout?(to: Layout, options: RelayoutOptions): Promise<RelayoutReport>;

  /** To let go of snapshots. Throws as `open`. */
  openForgetting?(): Promise<Forgetting>;

  /**
   * To take away what nobody needs. Throws as `open`, and an IngotError where that may not be done
   * now, or not here: INGOT_GC_RUNNING, INGOT_RELAYOUT_RUNNING, INGOT_LOCKS_MAY_BE_LOCAL.
   */
  openCollector?(options: CollectOptions): Promise<Collector>;

  /** Keeps an object no longer, durably; false where it has no pin. Throws as `open`. */
  unpin?(digest: Digest): Promise<boolean>;

  /** Makes a place to probe the disk of the store, or where it would be; creates none. */
  openProbePlace?(): Promise<ProbePlace>;
}

export interface OpenStoreOptions {
  readonly create: boolean;
  /** Of a store that is created; an existing one must have it. */
  readonly layout?: Layout | undefined;
  readonly sharing?: Sharing | undefined;
}

export interface StoreFacts {
  /** Undefined where the engine has only one. */
  readonly layout: Layout | undefined;
}

/** What the module of an engine exports, for worker threads. */
export interface EngineModule {
  openWorkerHalf(init: unknown, thread: WorkerThread): Promise<WorkerHalf>;
  /** Both take the `init` of a Verifier's `worker`. `limits`: how far the thread may read ahead. */
  openCheck(init: unknown, limits: ReadAheadLimits): Check | Promise<Check>;
  openLook(init: unknown): Look;
  openThreadReader(init: unknown): Promise<ThreadReader>;
}
