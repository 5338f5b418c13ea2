/** `verify` as callers see it: the store's check, run in a pool of its own. */

import { abortSignal, type Checks, callback, flag, positive, requireOptions } from '../checked.ts';
import type { Digest } from '../digest.ts';
import { type Failure, failureOf, IngotError } from '../errors.ts';
import { Pool } from '../threads/pool.ts';
import { checkedThreads, threadCount } from '../threads/thread-count.ts';
import type { Layout } from './choices.ts';
import { requireFormat } from './local/on-disk/format.ts';
import { type VerifyBatch, verifyObjects } from './local/upkeep/verify-objects.ts';
import { type VerifyOptions, type VerifyReport, verifyStore } from './local/upkeep/verify-run.ts';
import { storePath } from './store-path.ts';

export interface VerifyTask {
  readonly root: string;
  readonly layout: Layout;
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
  const root = storePath(store);
  requireOptions(options, CHECKS);
  requireFormat(root);
  const threads = checkedThreads(options.threads);
  const bytesRead = new SharedArrayBuffer(8);
  const pool = new Pool<VerifyTask, VerifyReply>('verify-worker', threads);
  try {
    return await verifyStore(root, {
      ...options,
      threads,
      bytesRead: () => Number(Atomics.load(new BigInt64Array(bytesRead), 0)),
      runBatch: async (layout, digests) => {
        const reply = await pool.run({ root, layout, digests, bytesRead });
        if (reply.status === 'failed') throw new IngotError(reply.failure);
        return reply.batch;
      },
    });
  } finally {
    await pool.close();
  }
}

/** What a worker does with a task. Never throws. */
export function runVerifyTask({ root, layout, digests, bytesRead }: VerifyTask): VerifyReply {
  const lane = new BigInt64Array(bytesRead);
  const onRead = (bytes: number) => void Atomics.add(lane, 0, BigInt(bytes));
  try {
    return { status: 'done', batch: verifyObjects(root, layout, digests, onRead) };
  } catch (error) {
    return { status: 'failed', failure: failureOf('cannot verify objects', error) };
  }
}
