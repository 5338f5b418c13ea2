/** What a restore is asked for, and what it tells. Paths are in the escaped form of names.ts. */
import type { Failure } from '../errors.ts';
import type { Estimate } from '../progress/estimate.ts';
import type { ReadAhead } from '../read-ahead/choice.ts';
import type { ReadAheadReport } from '../read-ahead/cost.ts';

/**
 * What becomes of what has the name of an entry already. `never`: it stays. `if-changed`: a file
 * stays that has the size, the time and the mode of the entry. `always`: it is replaced.
 */
export const OVERWRITES = ['never', 'if-changed', 'always'] as const;
export type Overwrite = (typeof OVERWRITES)[number];

export interface RestoreOptions {
  /** Default: the target has to be missing or empty. */
  readonly overwrite?: Overwrite | undefined;
  /** Remove from the target what the snapshot does not have. Needs `overwrite`. Default false. */
  readonly delete?: boolean | undefined;
  /** Patterns as in .gitignore, relative to the path that is restored: only what matches. */
  readonly include?: readonly string[] | undefined;
  /** Patterns of the same kind: not what matches. */
  readonly exclude?: readonly string[] | undefined;
  /** Look, but change nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Give entries their owners, by number. For root alone. Default false. */
  readonly owner?: boolean | undefined;
  /** Set setuid and setgid bits, and attributes of `security.`, too. Default false. */
  readonly privileged?: boolean | undefined;
  /** Flush the file system of the target at the end. Default false. */
  readonly fsync?: boolean | undefined;
  /** Worker threads; default: one for each processor. */
  readonly threads?: number | undefined;
  /** Small contents that each thread asks the disk for before their turn. Default 'auto'. */
  readonly readAhead?: ReadAhead | undefined;
  /** Aborting stops soon, and rejects with INGOT_INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second, and at the end. */
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  /** Called for each entry, in no order; without `report: 'all'` only for those that failed. */
  readonly onEntry?: ((entry: RestoredEntry) => void) | undefined;
  readonly report?: 'all' | 'problems' | undefined;
  /** Called with what is unusual, a line each. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

export const RESTORE_OUTCOMES = ['new', 'replaced', 'left', 'removed', 'failed'] as const;
/** `left`: it was there already, and stays. `removed`: the snapshot does not have it. */
export type RestoreOutcome = (typeof RESTORE_OUTCOMES)[number];

export type RestoredType = 'directory' | 'file' | 'hard link' | 'link';

export interface RestoredEntry {
  /** Relative to the target. */
  readonly path: string;
  readonly outcome: RestoreOutcome;
  /** Undefined for what is removed. */
  readonly type: RestoredType | undefined;
  /** Why it failed. */
  readonly failure?: Failure | undefined;
}

/** What could not be set of an entry that is there. */
export type Shortfall = 'mode' | 'owner' | 'time' | 'attribute' | 'hard link';

export interface RestoreReport {
  /** The snapshot. */
  readonly id: string;
  /** The absolute path of the target. */
  readonly target: string;
  /** Made, replaced or left. */
  readonly directories: number;
  readonly files: number;
  readonly links: number;
  /** Further names of files. */
  readonly hardLinks: number;
  /** Of the contents that were written or shared. */
  readonly bytes: number;
  /** Among the entries above: those that were there already, and stay. */
  readonly left: number;
  readonly replaced: number;
  /** Entries of the target that are gone now. */
  readonly removed: number;
  /** Entries that could not be restored: each is named, but for those below a directory that failed. */
  readonly failed: number;
  /** Entries that patterns leave out. */
  readonly excluded: number;
  /** Entries that the snapshot itself lacks. */
  readonly missing: number;
  /** Entries whose setuid or setgid bit or `security.` attribute was not set, without `privileged`. */
  readonly unprivileged: number;
  /** How often something of an entry could not be set, though the entry is there. */
  readonly shortfalls: Readonly<Record<Shortfall, number>>;
  readonly dryRun: boolean;
  /** All is on the disk. */
  readonly flushed: boolean;
  readonly readAhead: ReadAheadReport;
  readonly wallMs: number;
}

export interface RestoreProgress extends Estimate {
  /** Entries of the snapshot that have come to their end. */
  readonly entriesDone: number;
  readonly entriesFound: number;
  readonly bytesRead: number;
  /** Entries are still being read from the snapshot. */
  readonly walking: boolean;
  readonly failed: number;
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
}
