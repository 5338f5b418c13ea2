import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFormat } from '../../src/store/format.ts';
import { LocalMainHalf } from '../../src/store/local-halves.ts';
import type { Durability } from '../../src/store/seam.ts';
import { recordingOps, tempStore } from './temp-store.ts';

const options = (durability: Durability) => ({
  ...({ durability, barrier: 'fsync', verifyHits: false, dryRun: false, groups: 1 } as const),
});

test('a store.json that was found is made durable before anything else is in the store', async () => {
  for (const [durability, flushes] of [
    ['group', 1],
    ['file', 1],
    ['none', 0],
  ] as const) {
    const { ops, calls, count } = recordingOps();
    const half = await LocalMainHalf.open(tempStore(), options(durability), ops);
    half.abandon();
    expect(count('fsyncSync', /\.ingot$/), durability).toBe(flushes);
    const changes = calls.filter(({ name }) => name === 'fsyncSync' || name === 'mkdirSync');
    expect(changes[0]!.name).toBe(flushes === 1 ? 'fsyncSync' : 'mkdirSync');
  }
});

test('so is one that a relayout writes while the writer is opened', async () => {
  const root = tempStore('sharded');
  let isMoving = false;
  const { ops, calls } = recordingOps(({ name, path }) => {
    if (name === 'mkdirSync' && /\.tmp-/.test(path) && !isMoving) {
      isMoving = true;
      writeFormat(root, { format: 1, layout: 'flat', movingFrom: 'sharded' }, 'replace');
    }
    return undefined;
  });
  const half = await LocalMainHalf.open(root, options('group'), ops);
  half.abandon();
  expect(half.workerInit.format.layout).toBe('flat');
  const lastLock = calls.findLastIndex(
    ({ name, path }) => name === 'writeSync' && /lock$/.test(path),
  );
  const flush = calls.findLastIndex(
    ({ name, path }) => name === 'fsyncSync' && /ingot$/.test(path),
  );
  expect(flush).toBeGreaterThan(lastLock);
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
