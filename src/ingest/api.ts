/** What a caller of `ingest` gives and gets: the types of the library and of the CLI's reports. */

import type { Digest } from '../digest.ts';
import { type Failure, IngotError } from '../errors.ts';
import type { Estimate } from '../progress/estimate.ts';
import type { ReadAhead } from '../read-ahead/choice.ts';
import type { ReadAheadReport } from '../read-ahead/cost.ts';
import type { UnsupportedKind } from '../sources/kind.ts';
import type { BarrierChoice, BarrierKind, Durability, Layout, Sharing } from '../store/choices.ts';
import type { EntryReport, Outcome } from './outcome.ts';
import type { RemovalAnswer, RemovalProgress, RemovalReport, StayedEntry } from './removal.ts';

export const REPORTS = ['all', 'problems'] as const;

export interface IngestOptions {
  /** Default `group`: one barrier for many objects. */
  readonly durability?: Durability;
  /** Default `auto`: syncfs where it is known to be a barrier, else fsync. */
  readonly barrier?: BarrierChoice;
  /** Layout of a store that is created. Default `flat`. */
  readonly layout?: Layout;
  /**
   * Open the store to the members of its directory's group (`group`), and to all users to read
   * (`all`): mode 2770 or 2775, whatever the umask is. Of an existing store that is its owner's to
   * do. Default: a new store is its owner's alone, mode 0700.
   */
  readonly shared?: Sharing;
  /** Worker threads. Default: the processors this process may use. */
  readonly threads?: number;
  /** Small files that a worker takes at a time, at most. The default suits all but experiments. */
  readonly batchFiles?: number;
  /**
   * How many files each thread reads ahead, 0 to 4096. Default `auto`: as many as pay, none where reads
   * do not wait for a disk.
   */
  readonly readAhead?: ReadAhead;
  /** Re-hash the object of every dedup hit instead of comparing its size. */
  readonly verifyHits?: boolean;
  /** Look and hash, but store nothing and create nothing. */
  readonly dryRun?: boolean;
  /**
   * Patterns in .gitignore syntax, relative to each source. They meet the last name of a source, and
   * an entry of `filesFrom` by its listed path, too.
   */
  readonly exclude?: readonly string[];
  /** Files with such patterns. */
  readonly excludeFrom?: readonly string[];
  /** A file that lists more sources, a line each (`-` is standard input). */
  readonly filesFrom?: string;
  /** `filesFrom` is separated by NUL bytes instead of newlines. */
  readonly nul?: boolean;
  /** Do not descend into other file systems than each source's own. */
  readonly oneFileSystem?: boolean;
  /**
   * Write digest and path of every stored file there, as `sha256sum` would (`-` is standard
   * output). Not with `dryRun`. What the run reads is not replaced: in a source only a file that is
   * empty or a manifest.
   */
  readonly manifest?: string;
  /**
   * Add what becomes of each entry to that file, as lines of JSON, flushed when the run ends: one for
   * the run, one for each entry, one for how it ended, which a killed run has not. Not with
   * `dryRun`. Only to a file that is missing, empty or a journal.
   */
  readonly journal?: string;
  /**
   * Take what failed in the last run of that journal, in the place of sources and `filesFrom`: what
   * was unreadable, changed, vanished or unfinished, and sources that were lost. No snapshot is made
   * when there is nothing. May be `journal` itself, which is read first.
   */
  readonly retry?: string;
  /** Aborting stops taking new work, ends the groups in flight and rejects with an IngestError. */
  readonly signal?: AbortSignal;
  /** Record a snapshot, from which the sources can be restored. Default: unless durability is `none`. */
  readonly snapshot?: boolean;
  /** What the snapshot is called: its row. Without `:`, `~` and `/`; not `latest`. */
  readonly label?: string;
  /** The machine that the snapshot names. Default: this one. */
  readonly host?: string;
  /**
   * Names of the sources in the snapshot, in their order. Default: of one directory the content is the
   * tree; of several sources their paths, as tar has them.
   */
  readonly as?: readonly string[];
  /**
   * Remove from the sources what the snapshot has, once it is complete and durable. What has changed
   * since it was read stays, and so does what was changed shortly before; named directories stay
   * themselves. Implies `verifyHits`. A function is asked first, when the snapshot is made. Not with
   * `dryRun`, `filesFrom`, `retry`, `durability` none, and without a snapshot.
   */
  readonly removeSource?: boolean | RemovalAnswer;
  /** Called once for each entry that was to be removed and stays. */
  readonly onStayed?: (entry: StayedEntry) => void;
  /** Called a few times a second while sources are removed. */
  readonly onRemoving?: (progress: RemovalProgress) => void;
  /** Read every file, also one that an earlier run has recorded and that is what it was. */
  readonly rescan?: boolean;
  /** A file counts as unchanged whatever its ctime is: for trees whose links or modes are made anew. */
  readonly ignoreCtime?: boolean;
  /** A file counts as unchanged whatever its inode is. */
  readonly ignoreInode?: boolean;
  /** Record extended attributes: `user.`, POSIX ACLs, capabilities. Default true. */
  readonly xattrs?: boolean;
  /** Called a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Count the sources ahead of the run, so that `onProgress` knows the totals, for some 2 % of a
   * run's time; never a list from standard input. Default: where there is an `onProgress`.
   */
  readonly countAhead?: boolean;
  /** Called once for each entry whose outcome is in `report` (default: only problems). */
  readonly onEntry?: (entry: EntryReport) => void;
  /** `all`: onEntry is called for every entry, `problems`: for those that were not stored. */
  readonly report?: (typeof REPORTS)[number];
  /** A remark for people: the store lies inside a source and is left out, temps were swept. */
  readonly onNotice?: (text: string) => void;
}

/**
 * Where a run stands. Counts only grow. The estimates compare them with the totals of the whole run,
 * which are known once the sources were counted or the walk is over.
 */
export interface Progress extends Estimate {
  /** Entries found so far; final once `walking` is false. */
  readonly entriesFound: number;
  /** Without those that a failed or interrupted run has given up. */
  readonly entriesDone: number;
  /** Bytes of files that were read, or are known not to have changed. */
  readonly bytesRead: number;
  /** Bytes of large files that are known but not read yet. */
  readonly bytesWaiting: number;
  readonly walking: boolean;
  /** Milliseconds since the run began. */
  readonly elapsedMs: number;
}

/** A snapshot that was recorded, or in a dry run would be. */
export interface SnapshotReport {
  /** Undefined in a dry run. */
  readonly id: string | undefined;
  readonly label: string | undefined;
  /** Of the tree: equal trees have the same one. */
  readonly root: Digest;
  readonly entries: number;
  /** Bytes of all files. */
  readonly size: number;
  /** Bytes of segments that the store had not. */
  readonly bytesAdded: number;
  /** False when something that was to be recorded is not. */
  readonly complete: boolean;
  /** What is missing: an errno's name or a word, and how often. */
  readonly lacks: readonly (readonly [why: string, count: number])[];
}

/** The phases of the pipeline in their order. */
export const PHASES = ['walk', 'read', 'hash', 'write', 'barrier', 'publish'] as const;
export type Phase = (typeof PHASES)[number];

export interface IngestReport {
  readonly store: string;
  readonly entries: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly unsupportedKinds: Readonly<Partial<Record<UnsupportedKind, number>>>;
  /**
   * The sources that were gone when all was read, or had made way for another directory, and why.
   * What is counted says how their entries ended; how many more there were nobody knows.
   */
  readonly lostSources: readonly Failure[];
  readonly directories: number;
  readonly bytesRead: number;
  /** Bytes of new objects. */
  readonly bytesWritten: number;
  /** Bytes of duplicates, which were not written. */
  readonly bytesSaved: number;
  /** Bytes of unchanged files, which were not read. */
  readonly bytesUnchanged: number;
  /** The run that was cut off, and that this one has gone on with. */
  readonly resumed:
    | {
        /** When it began: milliseconds since 1970. */
        readonly begun: number;
        /** Files and links that it had recorded, and that were not read again. */
        readonly entries: number;
      }
    | undefined;
  /** Objects that were damaged and got their good content back. */
  readonly repaired: readonly Digest[];
  /** Temps of dead writers removed on open. */
  readonly swept: number;
  /** Undefined where none was to be made. */
  readonly snapshot: SnapshotReport | undefined;
  /** Undefined where nothing was to be removed of the sources, or the answer was no. */
  readonly removed: RemovalReport | undefined;
  readonly dryRun: boolean;
  readonly durability: Durability;
  /** Undefined where that is the store's own affair. */
  readonly barrier: BarrierKind | undefined;
  /** Undefined where the store has only one. */
  readonly layout: Layout | undefined;
  /** Numbers of flushes: shared barriers, single files, directories. */
  readonly flushes: {
    readonly barriers: number;
    readonly files: number;
    readonly directories: number;
  };
  readonly threads: number;
  readonly readAhead: ReadAheadReport;
  readonly wallMs: number;
  /**
   * The workers' time in milliseconds by phase. `walk` is time without work because the walk had
   * found nothing yet, `barrier` time in which all that a worker could do was wait for one.
   */
  readonly stageMs: Readonly<Record<Phase, number>>;
  /** The phase that took most of the workers' time. */
  readonly bottleneck: Phase;
}

/** The run began and did not end well. What `report` counts as stored is durable. */
export class IngestError extends IngotError {
  override readonly name = 'IngestError';
  readonly report: IngestReport;

  constructor(failure: Failure, report: IngestReport, cause?: unknown) {
    super(failure, cause);
    this.report = report;
  }

  get interrupted(): boolean {
    return this.code === 'INGOT_INTERRUPTED';
  }
}
