import type { Failure } from '../../errors.ts';
import type { FoundFiles } from '../found-files.ts';
import type { UnsupportedKind } from '../kind.ts';

/** Receives what a walk meets. `files` resolves when more may be handed over. */
export interface WalkSink {
  files(found: FoundFiles): Promise<void> | undefined;
  unsupported(path: string, kind: UnsupportedKind): void;
  /** A directory that cannot be read, or a source that is gone. */
  unreadable(path: string, failure: Failure): void;
  vanished(path: string, failure: Failure): void;
  /** What patterns leave out; a directory with all that lies in it. */
  excluded(path: string): void;
  directory(): void;
  notice(text: string): void;
}
