/** What a doctor found. Units are in the names: bytes, ms, a second. */

import type { FileSystemStats } from '../files/disk-space.ts';
import type { ReadAhead } from '../read-ahead/choice.ts';
import type { BarrierKind, Durability, Layout } from '../store/choices.ts';
import type { PlaceKind } from '../store/seam/upkeep.ts';
import type { FlushFigures } from './flushes.ts';
import type { Intake } from './intake.ts';
import type { ReadFigures } from './reads.ts';
import type { ReflinkFigure } from './reflink.ts';
import type { Spread } from './spread.ts';

/** What the advice rests on. */
export interface Figures {
  /** What is at the path of the store. */
  readonly kind: PlaceKind;
  /** Of a store that is there. */
  readonly existing: ExistingStore | undefined;
  readonly fileSystem: FileSystemStats;
  /** The unit in which the file system gives out space. */
  readonly blockBytes: number;
  /** Files that there was room for: few of them make the rates rough. */
  readonly probeFiles: number;
  /** Why the C library could not be called, and what to do about it; undefined where it can be. */
  readonly libcObstacle: string | undefined;
  /** What `--barrier auto` takes here, and why. */
  readonly barrier: Advised<BarrierKind>;
  readonly reflink: ReflinkFigure;
  readonly flushes: FlushFigures;
  readonly rates: RateFigures;
  readonly reads: ReadFigures;
  /** How many objects the user expects. */
  readonly expectedObjects: number | undefined;
}

export interface ThreadRates {
  readonly threads: number;
  /** All threads together; each has its temps in a folder of its own. */
  readonly createdFilesPerSecond: Spread;
  readonly hashedBytesPerSecond: Spread;
}

export interface RateFigures {
  /** From one thread to all of them. */
  readonly byThreads: readonly ThreadRates[];
  /** All threads make their temps in the directory of the objects. */
  readonly oneDirectory: { readonly threads: number; readonly createdFilesPerSecond: Spread };
}

export interface ExistingStore {
  readonly layout: Layout;
  readonly objects: number;
  /** False when there was no time to count them all, or some may not be listed. */
  readonly countedAll: boolean;
}

export interface Advised<T> {
  readonly value: T;
  readonly why: string;
}

export interface Advice {
  readonly durability: Advised<Durability>;
  readonly barrier: Advised<BarrierKind>;
  readonly threads: Advised<number>;
  readonly layout: Advised<Layout>;
  /** Undefined where reading could not be measured. */
  readonly readAhead?: Advised<ReadAhead> | undefined;
  readonly warnings: readonly string[];
}

export interface DoctorReport extends Figures {
  /** The store's absolute path. */
  readonly store: string;
  /** The existing directory in which the probes ran. */
  readonly probedIn: string;
  /** Folders of dead writers and doctors that were removed. */
  readonly swept: number;
  /** How fast files can come in, with the settings that are advised. */
  readonly intake: Intake;
  readonly advice: Advice;
  readonly wallMs: number;
}
