/** `verify` as callers see it: the store's check, run in a pool of its own. */

import {
  abortSignal,
  type Checks,
  callback,
  flag,
  positive,
  requireOptions,
} from '../../checked.ts';
import type { Digest } from '../../digest.ts';
import { type Failure, IngotError } from '../../errors.ts';
import { Pool } from '../../threads/pool.ts';
import { checkedThreads, threadCount } from '../../threads/thread-count.ts';
import { engineAt } from '../engines.ts';
import type { Engine } from '../seam/engine.ts';
import type { VerifyBatch } from '../seam/upkeep.ts';
import type { ModuleSource } from '../seam/write.ts';
import { type VerifyOptions, type VerifyReport, verifyStore } from './verify-run.ts';

export interface VerifyTask {
  readonly store: ModuleSource;
  readonly digests: readonly Digest[];
  /** One BigInt64: the bytes that all workers have read so far. */
  readonly bytesRead: SharedArrayBuffer;
}

/** Errors lose their code between threads: they travel as data. */
export type VerifyReply =
  | { readonly status: 'done'; readonly batch: VerifyBatch }
  | { readonly status: 'failed'; readonly failure: Failure };

type Options = Omit<VerifyOptions, 'threads' | 'bytesRead' | 'runBatch'> & {
  readonly threads?: number | undefined;
};

const CHECKS: Checks<Options> = {
  sample: positive('a share above 0 up to 1', 1),
  quarantine: flag,
  threads: threadCount,
  signal: abortSignal,
  onProgress: callback,
  countAhead: flag,
  onDamaged: callback,
  onUnreadable: callback,
};

/** Re-hashes objects on all processors; see `VerifyOptions`. `threads` has a default here. */
export async function verify(store: string, options: Options = {}): Promise<VerifyReport> {
  return verifyIn(engineAt(store), options);
}

/** `verify` with the engine to use. */
export async function verifyIn(engine: Engine, options: Options = {}): Promise<VerifyReport> {
  requireOptions(options, CHECKS);
  const threads = checkedThreads(options.threads);
  const verifier = await engine.openVerifier({ quarantine: options.quarantine ?? false });
  const bytesRead = new SharedArrayBuffer(8);
  const pool = new Pool<VerifyTask, VerifyReply>('verify-worker', threads);
  try {
    return await verifyStore(verifier, {
      ...options,
      threads,
      bytesRead: () => Number(Atomics.load(new BigInt64Array(bytesRead), 0)),
      runBatch: async (digests) => {
        const reply = await pool.run({ store: verifier.worker, digests, bytesRead });
        if (reply.status === 'failed') throw new IngotError(reply.failure);
        return reply.batch;
      },
    });
  } finally {
    await pool.close();
  }
}
