/** A pair of digest and path inside `bytes`. Spilled: its path's length, the digest, the path. */
export interface SortedPair {
  readonly bytes: Buffer;
  /** Where the digest starts; it has 32 bytes, and the path follows. */
  readonly digestAt: number;
  readonly pathLength: number;
}

export const LENGTH_BYTES = 4;
export const DIGEST_BYTES = 32;
