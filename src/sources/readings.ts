import type { Digest } from '../digest.ts';

/** How often a file is read that changes meanwhile, before it counts as `changed`. */
export const READ_ATTEMPTS = 3;

/** What a reading of a file gave, from its start to its end. */
export interface ReadContent {
  /** Bytes that were read, whatever the file claims to have. */
  readonly size: number;
  readonly digest: Digest;
}

/**
 * Decides which reading of a file may be stored: guarantee 5. One during which neither size nor
 * times of the file changed; or one that gave the very bytes that the reading just before it gave.
 * Some file systems (GlusterFS, SMB, gvfs) report other times at every look, and then nothing else
 * shows that nobody writes. An earlier reading than that counts for nothing: a file that goes from
 * one content to another and back changes.
 */
export class Readings {
  #last: ReadContent | undefined;

  /** `unchanged` is what the looks before and after this reading show. */
  mayStore({ size, digest }: ReadContent, unchanged: boolean): boolean {
    const last = this.#last;
    this.#last = { size, digest };
    return unchanged || (last?.size === size && last.digest === digest);
  }

  /** A reading ended before the end of the file: it proves nothing, nor does the one before it. */
  brokenOff(): void {
    this.#last = undefined;
  }
}
