import { addAheadCost, noReads, type ReadCosts } from '../read-ahead/cost.ts';
import type { Group } from '../store/seam/write.ts';
import type { TaskCost } from './messages.ts';

/** What the pipeline itself measures of a task. The store's part is in its group. */
export interface CostMeter extends ReadCosts {
  readMs: number;
  hashMs: number;
  writeMs: number;
  bytesRead: number;
  bytesKnown: number;
  resumed: number;
  damagedBlocks: number;
}

export function newMeter(): CostMeter {
  const times = { readMs: 0, hashMs: 0, writeMs: 0 };
  return { ...times, ...noReads(), bytesRead: 0, bytesKnown: 0, resumed: 0, damagedBlocks: 0 };
}

/** The report of a task: the pipeline's meter and the group's cost, `barrierMs` as idle time. */
export function taskCost(
  meter: CostMeter,
  { cost, settled }: Pick<Group, 'cost' | 'settled'>,
  { barrierMs, aheadWidth }: Pick<TaskCost, 'barrierMs' | 'aheadWidth'>,
): TaskCost {
  return { ...meter, ...cost, barrierMs, aheadWidth, repaired: settled.repaired };
}

/** The sum over the tasks of a run. */
export type TotalCost = { -readonly [Key in keyof TaskCost]: TaskCost[Key] };

export function noCost(): TotalCost {
  const nothing = { cost: { fileFlushes: 0, publishMs: 0 }, settled: { there: [], repaired: [] } };
  return taskCost(newMeter(), nothing, { barrierMs: 0, aheadWidth: 0 });
}

export function addCost(total: TotalCost, cost: TaskCost): void {
  total.readMs += cost.readMs;
  total.hashMs += cost.hashMs;
  total.writeMs += cost.writeMs;
  total.barrierMs += cost.barrierMs;
  total.publishMs += cost.publishMs;
  total.bytesRead += cost.bytesRead;
  total.bytesKnown += cost.bytesKnown;
  total.resumed += cost.resumed;
  total.damagedBlocks += cost.damagedBlocks;
  addAheadCost(total, cost);
  total.fileFlushes += cost.fileFlushes;
  total.repaired = [...total.repaired, ...cost.repaired];
}
