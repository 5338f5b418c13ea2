import type { Layout } from '../store/choices.ts';
import { listObjects } from '../store/local/on-disk/layout.ts';
import type { Budget } from './budget.ts';
import type { ExistingStore } from './report.ts';

/** Asking the clock for each name would cost more than the name. */
const NAMES_PER_LOOK = 4096;

/** Counts as many objects as there is time for, and that it may list. Throws an IngotError. */
export function countObjects(root: string, layout: Layout, budget: Budget): ExistingStore {
  let objects = 0;
  let countedAll = true;
  const onRefused = () => {
    countedAll = false;
  };
  for (const _ of listObjects(root, layout, onRefused)) {
    objects++;
    if (objects % NAMES_PER_LOOK === 0 && budget.isSpent)
      return { layout, objects, countedAll: false };
  }
  return { layout, objects, countedAll };
}
