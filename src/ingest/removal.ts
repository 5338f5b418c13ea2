/** What a caller of `ingest` gives and gets when sources are to be removed. */
import type { Failure } from '../errors.ts';
import type { Estimate } from '../progress/estimate.ts';
import type { SnapshotReport } from './api.ts';

/** What is about to be removed: all that a snapshot has, as far as it is still what it was. */
export interface RemovalQuestion {
  /** It is complete and durable. */
  readonly snapshot: SnapshotReport;
  /** As they were given, without those that patterns leave out. */
  readonly sources: readonly string[];
}

/** False: nothing is removed. */
export type RemovalAnswer = (question: RemovalQuestion) => boolean | Promise<boolean>;

/** How far a removal is. */
export interface RemovalProgress extends Estimate {
  /** Of the snapshot. */
  readonly entriesFound: number;
  /** Those that were removed, or stay. */
  readonly entriesDone: number;
  /** Milliseconds since the removal began. */
  readonly elapsedMs: number;
}

/** What was to be removed and stays. */
export interface StayedEntry {
  /** Source and path below it, in the escaped form of names.ts. */
  readonly path: string;
  /**
   * An errno's name or a word: `too-young` and `unsure`, when the record of the run does not prove
   * what it was; `changed`; `linked`, when another name of the file stays.
   */
  readonly why: string;
  readonly failure: Failure;
}

/** What became of the sources once their snapshot was made. */
export interface RemovalReport {
  readonly files: number;
  /** Symbolic ones. */
  readonly links: number;
  readonly directories: number;
  /** Of the files; of one with several names once, when none stays. */
  readonly bytes: number;
  /** Entries that somebody else had removed, or moved, by then. */
  readonly gone: number;
  /** Directories that hold something else, and stay. */
  readonly notEmpty: number;
  /** Why entries stay that were to go, and how many. */
  readonly stayed: readonly (readonly [why: string, count: number])[];
  /** Why nothing could be removed at all. */
  readonly refused: string | undefined;
}
