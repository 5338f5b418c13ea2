import type { Layout } from '../store/choices.ts';
import { listObjects } from '../store/local/on-disk/layout.ts';
import { NAMES_PER_LOOK, Turns } from '../turns.ts';
import type { Budget } from './budget.ts';
import type { ExistingStore } from './report.ts';

/**
 * Counts as many objects as there is time for, and that it may list. Throws an IngotError, or the
 * signal's reason when that is aborted.
 */
export async function countObjects(
  root: string,
  layout: Layout,
  budget: Budget,
  signal: AbortSignal,
): Promise<ExistingStore> {
  let objects = 0;
  let countedAll = true;
  const onRefused = () => {
    countedAll = false;
  };
  const turns = new Turns({ stepsPerLook: NAMES_PER_LOOK });
  for (const _ of listObjects(root, layout, onRefused)) {
    objects++;
    if (!turns.isDue()) continue;
    await turns.take();
    signal.throwIfAborted();
    if (budget.isSpent) return { layout, objects, countedAll: false };
  }
  return { layout, objects, countedAll };
}
