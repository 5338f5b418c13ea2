/** What callers choose of a verify, and what they get. */
import type { Failure } from '../../errors.ts';
import type { ObjectsOptions } from '../../store/verify/options.ts';
import type { VerifyReport as ObjectsReport } from '../../store/verify/verify-run.ts';
import type { LostObject } from './lost.ts';
import type { OnRepaired } from './repair.ts';

export interface VerifyOptions extends ObjectsOptions {
  /** Check this snapshot alone, and the objects that it needs. A name, without `:PATH`. */
  readonly snapshot?: string | undefined;
  /**
   * A store that has whole copies: what snapshots need, and is missing or damaged, is taken from it.
   * It is only read.
   */
  readonly repairFrom?: string | undefined;
  /** Called a few times a second while snapshots are read, before any object is hashed. */
  readonly onTrees?: ((progress: TreesProgress) => void) | undefined;
  /** Called for each reference, tree and segment that is damaged. */
  readonly onDamagedSnapshot?: ((snapshot: DamagedSnapshot) => void) | undefined;
  /** Called for each snapshot that was forgotten while it was verified. */
  readonly onForgotten?: ((id: string) => void) | undefined;
  /** Called with what was repaired. */
  readonly onRepaired?: OnRepaired | undefined;
  /**
   * Called at the end for the first 10,000 objects that snapshots need, and that are missing or
   * damaged still.
   */
  readonly onLost?: ((object: LostObject) => void) | undefined;
}

export interface TreesProgress {
  readonly snapshots: number;
  /** Of them those that were read. */
  readonly done: number;
  readonly entries: number;
}

export interface DamagedSnapshot {
  readonly id: string;
  readonly failure: Failure;
}

export interface VerifyReport extends ObjectsReport, SnapshotsReport {
  /** Objects that are damaged still, or that snapshots need and that are not there whole. */
  readonly unrepaired: number;
}

export interface SnapshotsReport {
  /** Those that were checked, damaged ones among them. */
  readonly snapshots: number;
  readonly damagedSnapshots: number;
  /** Those that were forgotten meanwhile: what a gc has taken of them is not missing. */
  readonly forgotten: number;
  /** Segments that were read. */
  readonly segments: number;
  /** Objects that snapshots need and that were not there. */
  readonly missing: number;
  /** Objects that snapshots need and that are not there whole, as far as was looked. */
  readonly lost: number;
  readonly repaired: number;
  readonly repairedSegments: number;
}
