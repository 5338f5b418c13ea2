import type { AtCalls } from '../../native/at.ts';
import type { AtStatus } from '../../native/at-status.ts';
import type { Files } from '../../native/files.ts';
import type { XattrWriter } from '../../native/xattrs.ts';
import type { Width } from '../../read-ahead/width.ts';
import type { ThreadReader } from '../../store/seam/read.ts';

/** Files up to this many bytes are read whole before anything is written. */
export const SMALL_FILE_BYTES = 4 << 20;

/** What a thread has for all its batches. */
export interface Thread {
  readonly reader: ThreadReader;
  readonly width: Width;
  readonly files: Files;
  readonly at: AtCalls;
  readonly xattrs: XattrWriter | undefined;
  /** A byte more than SMALL_FILE_BYTES, which shows that a content is larger. */
  readonly buffer: Uint8Array;
  readonly status: AtStatus;
  readonly entriesDone: Int32Array;
  readonly bytesRead: BigInt64Array;
  readonly stop: Int32Array;
  /** Blocks can be shared, as far as is known. */
  mayClone: boolean;
  /** New files get the mode that they are made with; undefined until it was tried. */
  keepsModes: boolean | undefined;
}
