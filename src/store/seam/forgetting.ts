/** What an engine does to let go of snapshots, and to have them back. */
import type { ReadHalf } from './read.ts';
import type { Hold } from './write.ts';

export interface Forgetting {
  /** References that were let go. */
  readonly forgotten: ReadHalf<string>;

  /** As of a writer. */
  hold(signal?: AbortSignal): Promise<Hold>;

  /**
   * Lets go of these references, of those that are there, durably; gives them. To be called under a
   * hold. Throws an IngotError.
   */
  forget(names: readonly string[]): readonly string[];

  /** The other way round; false where it is not there any more. */
  unforget(name: string): boolean;
}
