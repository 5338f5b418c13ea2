/** What callers choose of stats, and what they get. */
import { abortSignal, type Checks, callback } from '../../checked.ts';
import type {
  StatsOptions as ObjectsOptions,
  StoreStats as ObjectsStats,
} from '../../store/seam/upkeep.ts';
import type { DamagedReference } from '../catalog.ts';
import type { SourceName } from '../reference.ts';

export interface StatsOptions extends Pick<ObjectsOptions, 'signal' | 'onProgress'> {
  /** Called a few times a second while snapshots are read, before any object is counted. */
  readonly onTrees?: ((progress: StatsTreesProgress) => void) | undefined;
  /** Called for each reference that cannot be read, and for each segment, with a snapshot that needs it. */
  readonly onDamagedSnapshot?: ((damaged: DamagedReference) => void) | undefined;
}

export interface StatsTreesProgress {
  readonly snapshots: number;
  /** Of them those that were read. */
  readonly done: number;
}

/** Objects, each once, and segments. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
  readonly segments: number;
  readonly segmentBytes: number;
}

export interface StoreStats extends ObjectsStats {
  /** Oldest first. */
  readonly snapshots: readonly SnapshotStats[];
  /** What only forgotten snapshots need, and a gc would free. Undefined where a gc would refuse. */
  readonly forgotten: (Amount & { readonly snapshots: number }) | undefined;
  /** What no snapshot names, forgotten or not, and no pin. Undefined where a gc would refuse. */
  readonly orphans: Amount | undefined;
  /** What pins alone keep. Undefined where a gc would refuse. */
  readonly pinned: Pick<Amount, 'objects' | 'bytes'> | undefined;
}

export interface SnapshotStats {
  readonly id: string;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  readonly label: string | undefined;
  readonly host: string;
  readonly sources: readonly SourceName[];
  /** Of all its files, in bytes: what a restore writes. */
  readonly size: number;
  /** What would go if it alone were forgotten. Undefined where not all of it can be read. */
  readonly own: Amount | undefined;
  /** What it needs that stays then: for other snapshots, or for pins. */
  readonly shared: Amount | undefined;
}

export const STATS_CHECKS: Checks<StatsOptions> = {
  signal: abortSignal,
  onProgress: callback,
  onTrees: callback,
  onDamagedSnapshot: callback,
};
