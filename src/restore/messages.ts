/** What the threads of a restore tell each other: plain data. */
import type { Failure } from '../errors.ts';
import type { ReadAheadLimits } from '../read-ahead/choice.ts';
import type { AheadCost } from '../read-ahead/cost.ts';
import type { ModuleSource } from '../store/seam/write.ts';
import type { PackedEntries } from './packed-entries.ts';
import type { Overwrite, Shortfall } from './report.ts';

/** The same for all tasks of a run. */
export interface RestoreSetup {
  readonly store: ModuleSource;
  /** The descriptor of TARGET, which is open as long as the run lasts. */
  readonly root: number;
  /** Its path, for messages. */
  readonly target: string;
  readonly overwrite: Overwrite | undefined;
  readonly dryRun: boolean;
  readonly owner: boolean;
  /** Bits that new files do not get. */
  readonly umask: number;
  /** TARGET keeps a default ACL of its own, which new names in it get and are not to have. */
  readonly inheritsAcl: boolean;
  readonly readAhead: ReadAheadLimits;
  /** One Int32: not 0 when the run ends early. */
  readonly stop: SharedArrayBuffer;
  /** One Int32: the entries that all workers have done so far. */
  readonly entriesDone: SharedArrayBuffer;
  /** One BigInt64: the bytes that all workers have read so far. */
  readonly bytesRead: SharedArrayBuffer;
}

export interface RestoreTask {
  readonly setup: RestoreSetup;
  readonly entries: PackedEntries;
}

/** Errors lose their code between threads: they travel as data. */
export type RestoreReply =
  | ({ readonly status: 'done' } & BatchResult)
  | { readonly status: 'failed'; readonly failure: Failure };

export interface BatchResult {
  /** Of each entry, one of `CODE`. */
  readonly outcomes: Uint8Array;
  /** Of contents that were written or shared. */
  readonly bytes: number;
  readonly problems: readonly { readonly index: number; readonly failure: Failure }[];
  readonly shortfalls: readonly FoundShortfall[];
  readonly reads: AheadCost;
}

export interface FoundShortfall {
  readonly what: Shortfall;
  readonly failure: Failure;
  /** How often in this batch; the failure is the first one's. */
  count: number;
}

/** Outcomes as numbers; `notDone` when the run ended before. */
export const CODE = { notDone: 0, new: 1, replaced: 2, left: 3, failed: 4 } as const;
export type Code = (typeof CODE)[keyof typeof CODE];
