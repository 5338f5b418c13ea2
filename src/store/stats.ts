/** `stats` as callers see it. */
import { abortSignal, type Checks, callback, requireOptions } from '../checked.ts';
import { engineAt } from './engines.ts';
import type { StatsOptions, StoreStats } from './seam/upkeep.ts';

const CHECKS: Checks<StatsOptions> = { signal: abortSignal, onProgress: callback };

/**
 * Counts what is in a store, in memory that does not grow with it. An object that a relayout moves
 * meanwhile may be counted twice or not at all. Throws an IngotError.
 */
export async function storeStats(store: string, options: StatsOptions = {}): Promise<StoreStats> {
  const engine = engineAt(store);
  requireOptions(options, CHECKS);
  return engine.stats(options);
}
