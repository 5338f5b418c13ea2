import os from 'node:os';
import { fileSystemStats } from '../files/disk-space.ts';
import type { BarrierKind } from '../store/choices.ts';
import type { ProbePlace } from '../store/seam/upkeep.ts';
import type { Advised } from './report.ts';

/** What `--barrier auto` takes for a store there, and why. Throws what statfs(2) throws. */
export function barrierAt({ folder, syncfsObstacle }: ProbePlace): Advised<BarrierKind> {
  if (syncfsObstacle !== undefined) return { value: 'fsync', why: syncfsObstacle };
  const { type } = fileSystemStats(folder);
  if (type === 'tmpfs') return { value: 'syncfs', why: 'nothing on tmpfs needs a flush' };
  const release = os.release().replace(/^(\d+\.\d+).*/, '$1');
  return {
    value: 'syncfs',
    why: `it makes all of ${type} durable, and Linux ${release} reports its errors`,
  };
}
