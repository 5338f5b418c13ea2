import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { type FileOps, nodeFileOps } from '../../src/files/file-ops.ts';
import type { Layout } from '../../src/store/choices.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import {
  type Call,
  errno,
  listed,
  listSorted,
  openStoreWith,
  plant,
  recordingOps,
  strayNames,
  tempStore,
} from '../harness/temp-store.ts';
import { makeTree } from '../harness/tree.ts';

const small = Buffer.from('small content');
const large = Buffer.alloc(3 << 20, 'large content');
const TEMP = /\.tmp-[0-9a-f]+\/0\/\d+$/;

const sources: [string, Buffer, () => Buffer | Readable][] = [
  ['a buffer', small, () => small],
  ['a stream', large, () => Readable.from([large.subarray(0, 2 << 20), large.subarray(2 << 20)])],
];

const openWriting = (root: string, ops: FileOps, durability?: 'file' | 'none') =>
  openStoreWith(ops, root, { durability });

test.each<[Layout, RegExp]>([
  ['flat', /store$/],
  ['sharded', /store\/[0-9a-f]{2}$/],
])(
  'a put flushes its temp once, renames once, then flushes its folder and that of pins, %s',
  async (layout, folder) => {
    const root = tempStore(layout);
    const { ops, calls, count } = recordingOps();
    const store = await openWriting(root, ops);
    await store.put(small);
    await store.close();
    const order = calls
      .map(({ name }) => name)
      .filter((name) => name === 'fsync' || name === 'renameSync');
    expect(order).toEqual(['fsync', 'renameSync', 'fsync', 'fsync']);
    expect(count('fsync', /\/pins$/)).toBe(1);
    expect(count('fsync', TEMP)).toBe(1);
    expect(count('fsync', folder)).toBe(1);
    // The store's own: its maker may have been killed before store.json was durable. And for that
    // of pins, which is new.
    expect(count('fsyncSync')).toBe(2);
    expect(count('fsyncSync', /\.ingot$/)).toBe(2);
  },
);

test('a duplicate in memory writes nothing and flushes its folder only', async () => {
  const root = tempStore();
  plant(root, 'flat', small);
  const { ops, count } = recordingOps();
  const store = await openWriting(root, ops);
  await store.put(small);
  await store.close();
  expect(count('openSync', TEMP)).toBe(0);
  expect(count('renameSync')).toBe(0);
  expect(count('fsync', /store$/)).toBe(1);
});

test('a duplicate that was streamed drops its temp without a flush', async () => {
  const root = tempStore();
  plant(root, 'flat', large);
  const { ops, count } = recordingOps();
  const store = await openWriting(root, ops);
  expect(await store.put(Readable.from([large]))).toMatchObject({ outcome: 'duplicate' });
  expect(count('fsync', TEMP)).toBe(0);
  expect(count('renameSync')).toBe(0);
  expect(count('unlinkSync', TEMP)).toBe(1);
  await store.close();
});

test('durability file flushes before the temp is closed, none flushes nothing', async () => {
  for (const [durability, flushes] of [
    ['file', 1],
    ['none', 0],
  ] as const) {
    const { ops, count } = recordingOps();
    const store = await openWriting(tempStore(), ops, durability);
    await store.put(small);
    await store.close();
    expect(count('fsyncSync', TEMP)).toBe(flushes);
    expect(count('fsync', /store$/)).toBe(flushes);
    // renameat2(2), which replaces nothing, does not go through the seam.
    expect(count('renameSync')).toBe(flushes);
    expect(await listed(store)).toEqual([digestOf(Buffer.from(small))]);
  }
});

test('waiting puts share the flushes of their temps and of their folder', async () => {
  const { ops, count } = recordingOps();
  const store = await openWriting(tempStore(), ops);
  const contents = Array.from({ length: 40 }, (_, n) => Buffer.from(`content ${n}`));
  await Promise.all(contents.map((bytes) => store.put(bytes)));
  await store.close();
  // Where a flush of the file system is one of all temps, none is left to be flushed on its own.
  expect(count('fsync', TEMP)).toBeLessThan(40);
  expect(count('fsync', /store$/)).toBeLessThan(40);
});

test('short writes are completed', async () => {
  const short = (fd: number, bytes: Uint8Array, at: number, length: number) =>
    fs.writeSync(fd, bytes, at, Math.min(length, 3));
  const root = tempStore();
  const store = await openWriting(root, {
    ...nodeFileOps,
    writeSync: short as FileOps['writeSync'],
  });
  const { digest } = await store.put(small);
  await store.close();
  expect(fs.readFileSync(objectPath(root, 'flat', digest))).toEqual(small);
});

const isTemp = ({ path }: Call) => TEMP.test(path);
const faults: [string, (call: Call) => boolean, string][] = [
  ['no room to make the temp', (call) => call.name === 'openSync' && isTemp(call), 'ENOSPC'],
  ['no room to write the temp', (call) => /^write/.test(call.name) && isTemp(call), 'ENOSPC'],
  ['an I/O error on write', (call) => /^write/.test(call.name) && isTemp(call), 'EIO'],
  ['a failed flush of the temp', (call) => /^fsync/.test(call.name) && isTemp(call), 'EIO'],
  ['a failed close of the temp', (call) => call.name === 'closeSync' && isTemp(call), 'EIO'],
  ['a failed rename', (call) => call.name === 'renameSync', 'EIO'],
];

describe.each(sources)('after a failed put of %s', (_kind, bytes, source) => {
  test.each(faults)('%s leaves no temp and no object', async (_name, matches, code) => {
    const root = tempStore();
    let armed = true;
    const { ops, count } = recordingOps((call) =>
      armed && matches(call) ? errno(code) : undefined,
    );
    const store = await openWriting(root, ops);
    await expect(store.put(source())).rejects.toMatchObject({ code });
    const [writer] = strayNames(root);
    expect(fs.readdirSync(join(root, writer!, '0'))).toEqual([]);
    expect(listSorted(root, 'flat')).toEqual([]);
    expect(count('fsync', TEMP)).toBeLessThanOrEqual(1);
    armed = false;
    expect(await store.put(source())).toMatchObject({ outcome: 'new', digest: digestOf(bytes) });
    await store.close();
    expect(strayNames(root)).toEqual([]);
  });
});

describe('a put that is aborted', () => {
  test('in the middle of a file leaves no temp and no object', async () => {
    const root = tempStore();
    const source = join(makeTree({ large: Buffer.alloc(8 << 20, 'x') }), 'large');
    const controller = new AbortController();
    const { ops, count } = recordingOps(
      ({ name }) => void (name === 'write' && controller.abort()),
    );
    const store = await openWriting(root, ops);
    const put = store.put(source, { signal: controller.signal });
    await expect(put).rejects.toMatchObject({ name: 'AbortError' });
    expect(count('write')).toBeLessThan(8);
    expect(listSorted(root, 'flat')).toEqual([]);
    const [writer] = strayNames(root);
    expect(fs.readdirSync(join(root, writer!, '0'))).toEqual([]);
    await store.close();
  });

  test('waits no longer for a stream that gives nothing', async () => {
    const store = await openWriting(tempStore(), recordingOps().ops);
    const controller = new AbortController();
    const put = store.put(new Readable({ read: () => controller.abort() }), {
      signal: controller.signal,
    });
    await expect(put).rejects.toMatchObject({ name: 'AbortError' });
    await store.close();
  });

  test('before it begins reads nothing', async () => {
    const store = await openWriting(tempStore(), recordingOps().ops);
    const put = store.put('/no/such/file', { signal: AbortSignal.abort() });
    await expect(put).rejects.toMatchObject({ name: 'AbortError' });
    await store.close();
  });
});

test('after a failed flush of the folder every put fails, and none flushes again', async () => {
  const root = tempStore();
  let failures = 0;
  const { ops, count } = recordingOps(({ name, path }) =>
    name === 'fsync' && path === root && failures++ === 0 ? errno('EIO') : undefined,
  );
  const store = await openWriting(root, ops);
  await expect(store.put(small)).rejects.toMatchObject({ code: 'EIO', path: root });
  await expect(store.put(small)).rejects.toMatchObject({ code: 'EIO' });
  expect(count('fsync', /store$/)).toBe(1);
  expect(fs.readFileSync(objectPath(root, 'flat', digestOf(small)))).toEqual(small);
  await store.close();
});

test('a flush of the folder is no proof when nothing can be opened after it, as on XFS', async () => {
  const root = tempStore();
  let down = false;
  const { ops } = recordingOps(({ name, path }) => {
    if (path !== root) return undefined;
    if (name === 'fsync') down = true;
    return down && name === 'openSync' ? errno('EIO', 'open') : undefined;
  });
  const store = await openWriting(root, ops);
  await expect(store.put(small)).rejects.toMatchObject({ code: 'EIO', path: root });
  await store.close();
});

test('a failed opening of the writer is no lasting state', async () => {
  let failures = 0;
  const { ops } = recordingOps(({ name, path }) =>
    name === 'mkdirSync' && path.includes('.tmp-') && failures++ === 0
      ? errno('ENOSPC')
      : undefined,
  );
  const root = tempStore();
  const store = await openWriting(root, ops);
  await expect(store.put(small)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await store.put(small)).toMatchObject({ outcome: 'new' });
  await store.close();
});

test('a full directory index is named, with relayout as the remedy', async () => {
  const { ops } = recordingOps(({ name }) => (name === 'renameSync' ? errno('ENOSPC') : undefined));
  const store = await openWriting(tempStore(), ops);
  await expect(store.put(small)).rejects.toThrow(
    /directory index is full.*ingot relayout --to sharded/,
  );
  await store.close();
});
