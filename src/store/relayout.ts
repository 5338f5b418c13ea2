/** `relayout` as callers see it. */

import { abortSignal, type Checks, callback, requireOneOf, requireOptions } from '../checked.ts';
import { LAYOUTS, type Layout } from './choices.ts';
import { engineAt } from './engines.ts';
import type { Engine } from './seam/engine.ts';
import { notOffered } from './seam/refusals.ts';
import type { RelayoutOptions, RelayoutReport } from './seam/upkeep.ts';

const CHECKS: Checks<RelayoutOptions> = {
  signal: abortSignal,
  onProgress: callback,
  onWaiting: callback,
};

/**
 * Moves all objects of a store to a layout; does nothing when they are there. Waits for writers of
 * the old layout, a Store of this very process that has put something among them: close it first.
 * Throws an IngotError: INGOT_NO_STORE, INGOT_RELAYOUT_RUNNING (another one runs), INGOT_NO_FLOCK
 * (writers cannot be seen on this machine), INGOT_INTERRUPTED, or an errno. The store stays usable.
 */
export async function relayout(
  store: string,
  to: Layout,
  options: RelayoutOptions = {},
): Promise<RelayoutReport> {
  return relayoutIn(engineAt(store), to, options);
}

/** `relayout` with the engine to use. */
export async function relayoutIn(
  engine: Engine,
  to: Layout,
  options: RelayoutOptions = {},
): Promise<RelayoutReport> {
  requireOneOf('layout', LAYOUTS, to);
  requireOptions(options, CHECKS);
  if (engine.relayout === undefined) throw notOffered('change the layout', engine.address);
  return engine.relayout(to, options);
}
