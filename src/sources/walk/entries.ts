import type { Failure } from '../../errors.ts';
import type { FileStatus } from '../../native/file-status.ts';
import type { FoundFiles } from '../found-files.ts';
import type { UnsupportedKind } from '../kind.ts';

/** A directory as it was when it was met. */
export interface FoundDirectory {
  /** Where it lies in the tree that the sources make; the empty string is its root. */
  readonly inTree: string;
  readonly status: FileStatus;
  /** To it, as calls take it; good until the call has ended. */
  readonly path: string | Buffer;
  /** Why not all of its names are known: an errno's name. */
  readonly lacks?: string | undefined;
  /** All that it holds; undefined where something of it was not handed on. */
  readonly holds?: HeldNames | undefined;
  /** Milliseconds since 1970, when `status` was asked for; where it was walked. */
  readonly lookedAt?: number | undefined;
}

export interface HeldNames {
  /** Files and links. */
  readonly entries: number;
  readonly subdirectories: readonly string[];
}

/** What has ended where it was met. */
export interface FoundEntry {
  /** As it is reported. */
  readonly path: string;
  /** Where it lies in the tree; undefined for what no tree has. */
  readonly inTree: string | undefined;
}

/** Receives what a walk meets. `files` resolves when more may be handed over. */
export interface WalkSink {
  files(found: FoundFiles): Promise<void> | undefined;
  unsupported(entry: FoundEntry, kind: UnsupportedKind): void;
  /** A directory that cannot be read, or a source that is gone. */
  unreadable(entry: FoundEntry, failure: Failure): void;
  vanished(entry: FoundEntry, failure: Failure): void;
  /** What patterns leave out; a directory with all that lies in it. */
  excluded(path: string): void;
  /** One that was walked. One whose reading failed, too, which is counted by its failure. */
  directory(found: FoundDirectory): void;
  /** One that was not read: it holds what a record says. Its files come first. */
  knownDirectory(record: number): void;
  /** One that was not walked, and is a part of the tree all the same. */
  onTheWay(found: FoundDirectory): void;
  notice(text: string): void;
}
