/**
 * How many processors this process may use: those of its affinity, or fewer when a cgroup has a
 * CPU quota. Node knows the affinity only (libuv before 1.49).
 */
import fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { isFailure } from '../errors.ts';

export interface ProcessorSources {
  /** Where /proc and /sys are looked for. Default: the root directory. */
  readonly root?: string;
  /** Processors of the affinity. Default: os.availableParallelism(). */
  readonly affine?: number;
}

/**
 * At least 1. A quota of 1.5 processors counts as 2: one thread alone would leave a third of it
 * unused. Without /proc or cgroups there is no quota.
 */
export function availableProcessors(sources: ProcessorSources = {}): number {
  const { root = '/', affine = availableParallelism() } = sources;
  const quotas = cgroupFolders(root).map(quotaOf);
  return Math.max(1, Math.min(affine, ...quotas.map(Math.ceil)));
}

/** Where the cgroup2 hierarchy and the v1 controller `cpu` are mounted (cgroups(7)). */
const MOUNTS = {
  v2: ['sys/fs/cgroup', 'sys/fs/cgroup/unified'],
  v1: ['sys/fs/cgroup/cpu', 'sys/fs/cgroup/cpu,cpuacct'],
};

/**
 * The process's own cgroup and all above it: each of them limits it. In a container the path may
 * be the host's, which is not there; the mount point is then the container's own cgroup.
 */
function cgroupFolders(root: string): string[] {
  // A line is `hierarchy:controllers:path`; that of cgroup2 has no controllers.
  return read(join(root, 'proc/self/cgroup'))
    .split('\n')
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
      if (path === undefined) return [];
      const mounts = controllers === '' ? MOUNTS.v2 : MOUNTS.v1;
      if (controllers !== '' && !controllers!.split(',').includes('cpu')) return [];
      return mounts.flatMap((mount) => withParents(path).map((each) => join(root, mount, each)));
    });
}

function withParents(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...withParents(dirname(path))];
}

/** Processors that a cgroup's quota pays for; Infinity without one. */
function quotaOf(folder: string): number {
  const [quota, period] = read(join(folder, 'cpu.max')).split(/\s/).map(Number);
  const v1 = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) =>
    Number(read(join(folder, name))),
  );
  return Math.min(processors(quota, period), processors(...v1));
}

/** `max` and -1 mean that there is no quota; what is not there reads as 0 or NaN. */
function processors(quota = 0, period = 0): number {
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

function read(path: string): string {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch (error) {
    // Not mounted, not there, or not ours to see: nothing is known of a quota.
    if (!isFailure(error)) throw error;
    return '';
  }
}
