import type { Group } from '../store/seam/write.ts';
import type { TaskCost } from './messages.ts';

/** What the pipeline itself measures of a task. The store's part is in its group. */
export interface CostMeter {
  readMs: number;
  hashMs: number;
  writeMs: number;
  bytesRead: number;
}

export function newMeter(): CostMeter {
  return { readMs: 0, hashMs: 0, writeMs: 0, bytesRead: 0 };
}

/** The report of a task: the pipeline's meter and the group's cost, `barrierMs` as idle time. */
export function taskCost(
  meter: CostMeter,
  { cost, settled }: Pick<Group, 'cost' | 'settled'>,
  barrierMs: number,
): TaskCost {
  return { ...meter, ...cost, barrierMs, repaired: settled.repaired };
}

/** The sum over the tasks of a run. */
export type TotalCost = { -readonly [Key in keyof TaskCost]: TaskCost[Key] };

export function noCost(): TotalCost {
  const nothing = { cost: { fileFlushes: 0, publishMs: 0 }, settled: { there: [], repaired: [] } };
  return taskCost(newMeter(), nothing, 0);
}

export function addCost(total: TotalCost, cost: TaskCost): void {
  total.readMs += cost.readMs;
  total.hashMs += cost.hashMs;
  total.writeMs += cost.writeMs;
  total.barrierMs += cost.barrierMs;
  total.publishMs += cost.publishMs;
  total.bytesRead += cost.bytesRead;
  total.fileFlushes += cost.fileFlushes;
  total.repaired = [...total.repaired, ...cost.repaired];
}
