/** `gc` as callers see it. */
import { requireOptions } from '../../checked.ts';
import { engineAt } from '../../store/engines.ts';
import type { Engine } from '../../store/seam/engine.ts';
import { notOffered } from '../../store/seam/refusals.ts';
import { beforeSpan } from '../forget/span.ts';
import { GC_CHECKS, type GcOptions, type GcReport } from './api.ts';
import { GcRun } from './gc-run.ts';

/**
 * Removes the objects and segments that forgotten snapshots alone need, while others read the store
 * and write to it. Durable when it resolves. Whatever ends it, no snapshot lacks anything, and the
 * next one goes on. Throws an IngotError: INGOT_NO_SNAPSHOT (the store never had any),
 * INGOT_GC_RUNNING, INGOT_RELAYOUT_RUNNING, INGOT_LOCKS_MAY_BE_LOCAL, INGOT_NO_FLOCK,
 * INGOT_INTERRUPTED, an errno, and what keeps it from knowing what a snapshot needs.
 */
export async function gc(store: string, options: GcOptions = {}): Promise<GcReport> {
  return gcIn(engineAt(store), options);
}

/** `gc` with the engine to use. */
export async function gcIn(engine: Engine, options: GcOptions = {}): Promise<GcReport> {
  requireOptions(options, GC_CHECKS);
  const { dryRun = false, thisHostOnly = false, olderThan = '7d', signal } = options;
  const old = beforeSpan(Date.now(), olderThan);
  if (engine.openCollector === undefined) throw notOffered('collect garbage', engine.address);
  signal?.throwIfAborted();
  const collector = await engine.openCollector({ dryRun, thisHostOnly, signal });
  try {
    return await new GcRun(engine, collector, old, options).run();
  } finally {
    collector.close();
  }
}
