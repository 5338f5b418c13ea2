import type { FileOps, StoreFd } from '../../files/file-ops.ts';
import type { StatusReader } from '../../native/file-status.ts';
import type { Libc } from '../../native/libc.ts';
import type { Durability, Layout } from '../choices.ts';
import type { LargeIndex } from './publish/large-index.ts';
import type { OpenTemps } from './publish/open-temps.ts';
import type { TempFolder } from './publish/temps.ts';

/** What groups of one worker share. */
export interface LocalWorkerState extends OpenTemps {
  readonly root: string;
  readonly layout: Layout;
  readonly temps: TempFolder;
  readonly durability: Durability;
  /** The barrier is an fsync of every temp, which therefore stays open until then. */
  readonly keepTempsOpen: boolean;
  /** Makes open temps durable. Rejects with what fsync(2) fails with, or an IngotError. */
  readonly flushTemps: (temps: readonly StoreFd[]) => Promise<void>;
  /** The store was empty on open: a digest not claimed in this run cannot be there. */
  readonly wasEmpty: boolean;
  readonly verifyHits: boolean;
  readonly dryRun: boolean;
  readonly ops: FileOps;
  readonly status: StatusReader;
  /** Undefined where it cannot be called. */
  readonly libc: Libc | undefined;
  /** Writes past the page cache, where that is wanted and can be had. */
  readonly setDirect: Libc['setDirect'] | undefined;
  readonly large: LargeIndex;
}
