import type { Digest } from '../digest.ts';
import type { Layout } from '../store/choices.ts';
import type { ReadHalf } from '../store/seam/read.ts';
import type { Budget } from './budget.ts';
import type { ExistingStore } from './report.ts';

/**
 * Counts as many objects as there is time for, and that it may list. Throws an IngotError, or the
 * signal's reason when that is aborted.
 */
export async function countObjects(
  store: ReadHalf<Digest>,
  layout: Layout,
  budget: Budget,
  signal: AbortSignal,
): Promise<ExistingStore> {
  let objects = 0;
  let countedAll = true;
  const onRefused = () => {
    countedAll = false;
  };
  for await (const page of store.list({ signal, onRefused })) {
    objects += page.length;
    if (budget.isSpent) return { layout, objects, countedAll: false };
  }
  return { layout, objects, countedAll };
}
