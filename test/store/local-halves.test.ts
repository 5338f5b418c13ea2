import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFormat } from '../../src/store/format.ts';
import { LocalMainHalf } from '../../src/store/local-halves.ts';
import type { Durability } from '../../src/store/seam.ts';
import { recordingOps, tempStore } from './temp-store.ts';

const options = (durability: Durability) => ({
  ...({ durability, barrier: 'fsync', verifyHits: false, dryRun: false, groups: 1 } as const),
});

test('a writer makes the store.json that it found durable, unless nothing is to be flushed', async () => {
  for (const [durability, flushes] of [
    ['group', 1],
    ['file', 1],
    ['none', 0],
  ] as const) {
    const { ops, calls, count } = recordingOps();
    const half = await LocalMainHalf.open(tempStore(), options(durability), ops);
    half.abandon();
    expect(count('fsyncSync', /\.ingot$/), durability).toBe(flushes);
    // Once the writer shows its layout no relayout can bring another one.
    const locked = calls.findIndex(({ name, path }) => name === 'writeSync' && /lock$/.test(path));
    const flushed = calls.findIndex(({ name }) => name === 'fsyncSync');
    expect(flushed === -1 || flushed > locked).toBe(true);
  }
});

test('the last flush covers both layouts while a relayout is under way', async () => {
  const root = tempStore('sharded');
  writeFormat(root, { format: 1, layout: 'flat', movingFrom: 'sharded' }, 'replace');
  const { ops, count } = recordingOps();
  const half = await LocalMainHalf.open(root, options('group'), ops);
  expect(await half.finish()).toMatchObject({ directoryFlushes: 257 });
  for (const folder of [root, join(root, '00'), join(root, 'ff')])
    expect(count('fsyncSync', new RegExp(`^${folder}$`)), folder).toBe(1);
});
