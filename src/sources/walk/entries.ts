import type { Failure } from '../../errors.ts';
import type { UnsupportedKind } from '../kind.ts';

/** A directory that was walked. Paths and names are in the escaped form of names.ts. */
export interface WalkedDirectory {
  /** As it is opened: the source as it was given, and the path below it. */
  readonly directory: string;
  /** A path to it that leads through no link; not for files that were named on their own. */
  readonly withoutLinks?: string | undefined;
}

/** Files of one directory, as the walk hands them on. */
export interface FoundFiles extends WalkedDirectory {
  readonly names: string[];
}

/** One of them. */
export interface FoundFile extends WalkedDirectory {
  readonly name: string;
}

/** Receives what a walk meets. `files` resolves when more may be handed over. */
export interface WalkSink {
  files(found: FoundFiles): Promise<void> | undefined;
  unsupported(path: string, kind: UnsupportedKind): void;
  /** A directory that cannot be read, or a source that is gone. */
  unreadable(path: string, failure: Failure): void;
  vanished(path: string, failure: Failure): void;
  directory(): void;
  notice(text: string): void;
}
