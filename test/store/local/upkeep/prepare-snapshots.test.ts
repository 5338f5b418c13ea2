/** How a store becomes format 2: the order, whom it waits for, and whom it keeps out. */
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nodeFileOps } from '../../../../src/files/file-ops.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import {
  readFormat,
  requireFormat,
  type StoreFormat,
  writeFormat,
} from '../../../../src/store/local/on-disk/format.ts';
import { readGeneration } from '../../../../src/store/local/on-disk/generation.ts';
import { tryStoreLock } from '../../../../src/store/local/on-disk/store-lock.ts';
import {
  type PrepareOptions,
  prepareSnapshots,
} from '../../../../src/store/local/upkeep/prepare-snapshots.ts';
import { relayoutStore as relayout } from '../../../../src/store/local/upkeep/relayout.ts';
import { Writer } from '../../../../src/store/local/writers/writer.ts';
import { openOldWriter, storeOfFormat } from '../../../harness/formats.ts';
import { recordingOps, tempStore } from '../../../harness/temp-store.ts';

const libc = (await loadLibc())!;

const prepare = (root: string, options: Partial<PrepareOptions> = {}) =>
  prepareSnapshots(root, { libc, ops: nodeFileOps, ...options });

const READY = {
  format: 2,
  layout: 'flat',
  id: expect.stringMatching(/^[0-9a-f]{32}$/),
  since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
};
const { since: _, ...UNSETTLED } = READY;

/** Prepares a store that keeps it waiting; gives the lines, once there is one, and the end. */
async function prepareWaiting(root: string, signal?: AbortSignal) {
  const lines: string[] = [];
  let onFirst = () => {};
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const onWaiting = (line: string) => {
    lines.push(line);
    onFirst();
  };
  const prepared = prepare(root, { signal, onWaiting });
  prepared.catch(() => {});
  await first;
  return { lines, prepared };
}

test('a store becomes format 2 once, and keeps what it was', async () => {
  const root = tempStore();
  const made = await prepare(root);
  expect(made).toEqual(READY);
  expect(readFormat(root)).toEqual(made);
  const generation = readGeneration(root);
  expect(generation).toMatch(/^[0-9a-f]{32}$/);
  const { ops, calls } = recordingOps();
  expect(await prepare(root, { ops })).toEqual(made);
  expect(calls).toEqual([]);
  expect(readGeneration(root)).toBe(generation);
});

test('its generation is durable before store.json says that there is one', async () => {
  const root = tempStore();
  const { ops, calls } = recordingOps();
  await prepare(root, { ops });
  const steps = calls
    .filter(({ name }) => name === 'renameSync' || name === 'fsyncSync')
    .map(({ name, path }) => `${name} ${path.slice(root.length).replace(/\.ingot\.tmp.*/, '')}`);
  const replaced = (name: string) => [
    ...[`fsyncSync /.ingot/${name}`, `renameSync /.ingot/${name}`, 'fsyncSync /.ingot'],
  ];
  expect(steps).toEqual(['generation', 'store.json', 'store.json'].flatMap(replaced));
});

test('it waits for a writer of an older ingot, which no other can join', async () => {
  const root = storeOfFormat(1);
  const endOldWriter = await openOldWriter(root);
  const { lines, prepared } = await prepareWaiting(root);
  expect(lines).toEqual([expect.stringMatching(/ready for snapshots: .* 1 writer of an older /)]);
  // An ingot that knows only format 1 refuses that.
  expect(readFormat(root)).toEqual(UNSETTLED);
  endOldWriter();
  expect(await prepared).toEqual(READY);
  expect(readFormat(root)).toEqual(READY);
});

test('one that is aborted while it waits leaves the rest to the next', async () => {
  for (const reason of [new Error('enough'), 'enough']) {
    const root = storeOfFormat(1);
    const endOldWriter = await openOldWriter(root);
    const stop = new AbortController();
    const { prepared } = await prepareWaiting(root, stop.signal);
    stop.abort(reason);
    await expect(prepared).rejects.toBe(reason);
    const left = readFormat(root);
    expect(left).toEqual(UNSETTLED);
    const again = await prepareWaiting(root);
    endOldWriter();
    expect(await again.prepared).toEqual({ ...left, since: READY.since });
  }
});

test('it does not wait for writers that know format 2', async () => {
  const root = tempStore();
  const writer = Writer.open(root, requireFormat(root), libc);
  expect(await prepare(root)).toEqual(READY);
  writer.close();
});

test.each<[string, StoreFormat]>([
  ['at rest', { format: 1, layout: 'flat' }],
  ['amid a relayout that was cut off', { format: 1, layout: 'flat', movingFrom: 'sharded' }],
])(
  'it and a relayout keep each other out, and lose nothing of each other: %s',
  async (_, format) => {
    const root = tempStore('sharded');
    writeFormat(root, format, 'replace');
    const lock = tryStoreLock(root, 'relayout.lock', {
      kind: 'exclusive',
      libc,
      ops: nodeFileOps,
    })!;
    const { lines, prepared } = await prepareWaiting(root);
    expect(lines).toEqual([expect.stringMatching(/waiting for another process that/)]);
    expect(readFormat(root)).toEqual(format);
    fs.closeSync(lock as never);
    const ready = await prepared;
    expect(ready).toEqual({ ...format, ...READY });

    const old = storeOfFormat(1);
    const endOldWriter = await openOldWriter(old);
    const waiting = await prepareWaiting(old);
    await expect(relayout(old, 'sharded')).rejects.toMatchObject({
      code: 'INGOT_RELAYOUT_RUNNING',
    });
    endOldWriter();
    const { id, since } = await waiting.prepared;
    await relayout(old, 'sharded');
    expect(readFormat(old)).toEqual({ format: 2, layout: 'sharded', id, since });
  },
);

test('two at once make one store', async () => {
  const root = tempStore();
  const made = await Promise.all([
    prepare(root),
    prepare(root),
    delay(1).then(() => prepare(root)),
  ]);
  expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  expect(readFormat(root)).toEqual(made[2]);
});

test('what it makes has the rights of the store', async () => {
  const root = tempStore();
  fs.chmodSync(root, 0o2770);
  await prepare(root);
  const modeOf = (name: string) => fs.statSync(join(root, '.ingot', name)).mode & 0o7777;
  expect([modeOf('generation'), modeOf('relayout.lock')]).toEqual([0o660, 0o660]);
});
