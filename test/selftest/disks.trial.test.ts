import fs from 'node:fs';
import { type SelftestReport, selftest, type TrialName } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  demand,
  demandMounts,
  demandProgram,
  mountBindfs,
  mountImage,
  mountTmpfs,
} from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';

beforeEach((context) => {
  demandMounts(context);
  demandProgram(context, 'strace');
});

/** As few as try all guarantees. */
const TRIALS: readonly TrialName[] = ['fresh-tree', 'hits', 'flush-order', 'failed-flush'];

async function examine(disk: string): Promise<SelftestReport> {
  const before = fs.readdirSync(disk);
  const report = await selftest(disk, { trials: TRIALS });
  expect(fs.readdirSync(disk)).toEqual(before);
  return report;
}

const verdictsOf = ({ guarantees }: SelftestReport) =>
  Object.fromEntries(guarantees.map(({ number, verdict }) => [number, verdict]));

const ALL_KEPT = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((number) => [number, 'kept']));

describe('a selftest', () => {
  it.for(['ext4', 'xfs', 'btrfs'] as const)(
    'finds all guarantees kept on %s, with syncfs',
    async (type, context) => {
      demandProgram(context, `mkfs.${type}`);
      demand(
        context,
        fs.readFileSync('/proc/filesystems', 'utf8').includes(type),
        `no ${type} here`,
      );
      const report = await examine(mountImage(type, 700));
      expect(verdictsOf(report)).toEqual(ALL_KEPT);
      expect(report).toMatchObject({ fileSystem: { type }, barrier: { value: 'syncfs' } });
    },
  );

  it('says of tmpfs that it keeps nothing through a power cut', async () => {
    const report = await examine(mountTmpfs('size=600m'));
    expect(verdictsOf(report)).toEqual({ ...ALL_KEPT, 2: 'not tried' });
    expect(report.guarantees[1]!.evidence).toEqual([expect.stringContaining('tmpfs is memory')]);
  });

  it('finds all guarantees kept on FUSE, with fsync', async (context) => {
    demandProgram(context, 'bindfs');
    demand(context, fs.existsSync('/dev/fuse'), 'there is no /dev/fuse');
    const report = await examine(mountBindfs(temporaryDirectory()));
    expect(verdictsOf(report)).toEqual(ALL_KEPT);
    expect(report).toMatchObject({ fileSystem: { type: 'fuse' }, barrier: { value: 'fsync' } });
  });
});
