/** Where segments lie: all that this room knows of a store. */
import type { Digest } from '../digest.ts';

export interface SegmentSource {
  /** At most MAX_SEGMENT_BYTES, not checked any further. Throws an IngotError, also when it is not there. */
  get(digest: Digest): Promise<Uint8Array>;
}

export interface SegmentStorage extends SegmentSource {
  /** Keeps a copy of a segment under its digest. Throws an IngotError. */
  put(bytes: Uint8Array): Promise<Digest>;
}
