import type { Layout } from '../store/choices.ts';
import { listObjects } from '../store/local/on-disk/layout.ts';
import type { Budget } from './budget.ts';
import type { ExistingStore } from './report.ts';

/** Asking the clock for each name would cost more than the name. */
const NAMES_PER_LOOK = 4096;

/** Counts as many objects as there is time for. Throws what the file system throws. */
export function countObjects(root: string, layout: Layout, budget: Budget): ExistingStore {
  let objects = 0;
  for (const _ of listObjects(root, layout)) {
    objects++;
    if (objects % NAMES_PER_LOOK === 0 && budget.isSpent)
      return { layout, objects, countedAll: false };
  }
  return { layout, objects, countedAll: true };
}
