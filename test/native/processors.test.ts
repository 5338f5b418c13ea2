import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { availableProcessors } from '../../src/native/processors.ts';
import { demandProgram } from '../harness/mounts.ts';
import { script } from '../harness/run.ts';
import { makeTree, type TreeLiteral } from '../harness/tree.ts';

const processors = (files: TreeLiteral, affine = 16): number =>
  availableProcessors({ root: makeTree(files), affine });

const V2 = { 'proc/self/cgroup': '0::/a/b\n' };
const V1 = { 'proc/self/cgroup': '5:memory:/m\n2:cpuacct,cpu:/a/b\n0::/\n' };

test('without a cgroup or a quota they are those of the affinity', () => {
  expect(processors({})).toBe(16);
  expect(processors({ ...V2, 'sys/fs/cgroup/a/b/cpu.max': 'max 100000\n' })).toBe(16);
  const unlimited = { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' };
  expect(processors({ ...V1, ...below('sys/fs/cgroup/cpu/a/b', unlimited) })).toBe(16);
  expect(availableProcessors()).toBeLessThanOrEqual(availableParallelism());
});

test.each([
  ['400000 100000', 4],
  ['150000 100000', 2],
  ['10000 100000', 1],
  ['5000000 100000', 16],
])('the quota "%s" of cgroup 2 gives %i, rounded up, never more than the affinity', (max, n) => {
  expect(processors({ ...V2, 'sys/fs/cgroup/a/b/cpu.max': `${max}\n` })).toBe(n);
  expect(processors({ ...V2, 'sys/fs/cgroup/unified/a/b/cpu.max': `${max}\n` })).toBe(n);
});

test('the least quota on the way up holds', () => {
  const quotas = { 'a/b/cpu.max': 'max 100000\n', 'a/cpu.max': '300000 100000\n' };
  expect(processors({ ...V2, ...below('sys/fs/cgroup', quotas) })).toBe(3);
  expect(processors({ ...V2, ...below('sys/fs/cgroup', { 'cpu.max': '200000 100000' }) })).toBe(2);
});

test('cgroup 1 has its quota in the controller cpu, whatever it is mounted with', () => {
  const quota = { 'cpu.cfs_quota_us': '250000\n', 'cpu.cfs_period_us': '100000\n' };
  expect(processors({ ...V1, ...below('sys/fs/cgroup/cpu/a', quota) })).toBe(3);
  expect(processors({ ...V1, ...below('sys/fs/cgroup/cpu,cpuacct', quota) })).toBe(3);
});

test('whatever these files say, there is at least one processor and not more than the affinity', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^-?\d{0,9} ?-?\d{0,9}$/));
  const root = makeTree({ 'proc/self/cgroup': '', 'sys/fs/cgroup/cpu.max': '' });
  fc.assert(
    fc.property(text, text, fc.integer({ min: 1, max: 64 }), (cgroup, max, affine) => {
      fs.writeFileSync(`${root}/proc/self/cgroup`, `0::/\n${cgroup}`);
      fs.writeFileSync(`${root}/sys/fs/cgroup/cpu.max`, max);
      const n = availableProcessors({ root, affine });
      expect(n).toBeGreaterThanOrEqual(1);
      expect(n).toBeLessThanOrEqual(affine);
      expect(Number.isInteger(n)).toBe(true);
    }),
  );
});

test('a process that is bound to one processor takes one worker', (context) => {
  demandProgram(context, 'taskset');
  expect(threadsOf(script(`taskset -c 0 ${DRY_RUN}`))).toBe(1);
});

test('a process in a cgroup with a quota of less than a processor takes one worker', (context) => {
  const group = makeCgroup();
  // Nothing that could be installed: a container's root may not make cgroups.
  if (group === undefined) return context.skip('no cgroup with a CPU quota can be made here');
  expect(threadsOf(script(`echo $$ > ${group}/cgroup.procs; ${DRY_RUN}`))).toBe(1);
});

const DRY_RUN = '$INGOT ingest package.json --dry-run --store none --json';

function threadsOf({ stdout }: { stdout: string }): number {
  return JSON.parse(stdout).threads;
}

/** A cgroup with half a processor, of either version; undefined where none may be made. */
function makeCgroup(): string | undefined {
  const name = `ingot-test-${process.pid}`;
  const [v1, v2] = [`/sys/fs/cgroup/cpu/${name}`, `/sys/fs/cgroup/${name}`];
  const isV1 = fs.existsSync('/sys/fs/cgroup/cpu/cgroup.procs');
  const group = isV1 ? v1 : v2;
  try {
    fs.mkdirSync(group);
    onTestFinished(() => execFileSync('rmdir', [group]) && undefined);
    if (isV1) fs.writeFileSync(`${group}/cpu.cfs_quota_us`, '50000');
    else fs.writeFileSync(`${group}/cpu.max`, '50000 100000');
    return group;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

function below(folder: string, files: Readonly<Record<string, string>>): TreeLiteral {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]),
  );
}
