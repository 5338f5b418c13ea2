/** What the main thread and the worker threads of a verify say to each other. */
import type { Digest } from '../../digest.ts';
import type { Failure } from '../../errors.ts';
import type { ReadAheadLimits } from '../../read-ahead/choice.ts';
import type { VerifyBatch } from '../seam/upkeep.ts';
import type { ModuleSource } from '../seam/write.ts';

export interface VerifyTask {
  readonly do: 'check' | 'look';
  readonly store: ModuleSource;
  readonly digests: readonly Digest[];
  readonly readAhead: ReadAheadLimits;
  /** One BigInt64: the bytes that all workers have read so far. */
  readonly bytesRead: SharedArrayBuffer;
}

/** Errors lose their code between threads: they travel as data. */
export type VerifyReply =
  | { readonly status: 'checked'; readonly batch: VerifyBatch }
  | { readonly status: 'looked'; readonly sizes: readonly number[] }
  | { readonly status: 'failed'; readonly failure: Failure };
