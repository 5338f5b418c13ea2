import { NAMES_PER_LOOK, Turns } from '../../../turns.ts';
import type { Layout } from '../../choices.ts';
import type { StoreTotals } from '../../seam/upkeep.ts';
import { listObjects } from '../on-disk/layout.ts';
import { LargeIndex } from '../publish/large-index.ts';
import { objectSize } from './object-size.ts';

/** Results of workers wait for no longer than this, in milliseconds. */
const HOLD_MS = 1;

/** So many objects are looked at, then one in `LOOK_EVERY`: a look takes as long as five names. */
const LEAST_LOOKS = 4_000;
const LOOK_EVERY = 32;

/** Larger objects are in the store's index of large ones: few, and most of the bytes. */
const LARGE_BYTES = 4 << 20;

/**
 * Counts the objects of a store and estimates their bytes. Digests are random, so the objects that
 * are looked at stand for all others but the large ones. Throws an IngotError or an errno; rejects
 * with the signal's reason.
 */
export async function countStore(
  root: string,
  layout: Layout,
  signal?: AbortSignal,
): Promise<StoreTotals> {
  const turns = new Turns({ holdMs: HOLD_MS, stepsPerLook: NAMES_PER_LOOK, signal });
  const small = { looks: 0, bytes: 0 };
  const large = { looks: 0, bytes: 0 };
  let objects = 0;
  for (const digest of listObjects(root, layout, () => {})) {
    if (turns.isDue()) await turns.take();
    if (objects++ >= LEAST_LOOKS && objects % LOOK_EVERY !== 0) continue;
    const size = objectSize(root, layout, digest) ?? 0;
    const kind = size > LARGE_BYTES ? large : small;
    kind.looks++;
    kind.bytes += size;
  }
  const looks = small.looks + large.looks;
  if (looks === objects) return { objects, bytes: small.bytes + large.bytes };
  const known = new LargeIndex(root).totals();
  // Without an index: objects of another tool, or of another user.
  if (known.count === 0) return { objects, bytes: ((small.bytes + large.bytes) / looks) * objects };
  const smallObjects = Math.max(0, objects - known.count);
  return { objects, bytes: known.bytes + (small.bytes / Math.max(1, small.looks)) * smallObjects };
}
