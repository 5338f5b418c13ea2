/** What callers choose of a gc, and what they get. */
import { abortSignal, type Checks, callback, flag, text } from '../../checked.ts';
import type { Failure } from '../../errors.ts';
import type { LockHolder } from '../../store/seam/collecting.ts';

export interface GcOptions {
  /** Say what would go, and do nothing. */
  readonly dryRun?: boolean | undefined;
  /** Take what no snapshot ever named, too, and is not pinned. */
  readonly orphans?: boolean | undefined;
  /** Of that only what is older: `7d` (default), `12h`. */
  readonly olderThan?: string | undefined;
  /** Go on where locks may not keep out processes on other machines: there are none. */
  readonly thisHostOnly?: boolean | undefined;
  /** Aborting stops it between two slices, and rejects with INGOT_INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((progress: GcProgress) => void) | undefined;
  /** Called for each forgotten snapshot of which not all can be read: what it named may stay. */
  readonly onUnreadable?: ((id: string, failure: Failure) => void) | undefined;
}

export interface GcProgress {
  readonly phase: 'marking' | 'removing';
  /** Segments of snapshots that have been read. */
  readonly segments: number;
  /** Objects. */
  readonly removed: number;
  readonly bytes: number;
}

/** In a dry run: what would go. */
export interface GcReport {
  readonly dryRun: boolean;
  /** Objects that snapshots need: counted only where orphans are taken, too. */
  readonly needed: number | undefined;
  readonly objects: number;
  readonly bytes: number;
  readonly segments: number;
  readonly segmentBytes: number;
  /** Of objects and segments those that no snapshot ever named, as far as is known. */
  readonly orphans: number;
  readonly orphanBytes: number;
  /** Forgotten snapshots that cannot be brought back any more. */
  readonly snapshots: number;
  /** What could not be removed, and why not the first of it: the snapshots stay forgotten. */
  readonly stuck: number;
  readonly firstStuck: Failure | undefined;
  readonly slices: number;
  /** How long others had to wait at most, in milliseconds. */
  readonly longestSliceMs: number;
  readonly waitedMs: number;
  readonly waitedFor: readonly LockHolder[];
}

export const GC_CHECKS: Checks<GcOptions> = {
  dryRun: flag,
  orphans: flag,
  olderThan: text,
  thisHostOnly: flag,
  signal: abortSignal,
  onProgress: callback,
  onUnreadable: callback,
};
