import os from 'node:os';
import { fileSystemStats } from '../files/disk-space.ts';
import type { Libc } from '../native/libc.ts';
import type { BarrierKind } from '../store/choices.ts';
import { syncfsObstacle } from '../store/local/publish/barrier.ts';
import type { Advised } from './report.ts';

/** What `--barrier auto` takes for a store in `folder`, and why. Throws what statfs(2) throws. */
export function barrierAt(folder: string, libc: Libc | undefined): Advised<BarrierKind> {
  const obstacle = syncfsObstacle(folder, libc);
  if (obstacle !== undefined) return { value: 'fsync', why: obstacle };
  const { type } = fileSystemStats(folder);
  if (type === 'tmpfs') return { value: 'syncfs', why: 'nothing on tmpfs needs a flush' };
  const release = os.release().replace(/^(\d+\.\d+).*/, '$1');
  return {
    value: 'syncfs',
    why: `it makes all of ${type} durable, and Linux ${release} reports its errors`,
  };
}
