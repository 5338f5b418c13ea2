/** What is put stays: its pin, and what removals do in between. */
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { nodeFileOps } from '../../src/files/file-ops.ts';
import { storeStats } from '../../src/snapshot/stats/stats.ts';
import { LocalEngine } from '../../src/store/local/engine.ts';
import { removeUnderLock } from '../../src/store/local/upkeep/remove-under-lock.ts';
import type { MainHalf, WriteOptions } from '../../src/store/seam/write.ts';
import { openStore } from '../../src/store/store.ts';
import { unpinIn } from '../../src/store/unpin.ts';
import { FORMATS, storeOfFormat } from '../harness/formats.ts';
import { errno, openStoreWith, recordingOps, tempStore } from '../harness/temp-store.ts';

const SMALL = Buffer.from('small');
const LARGE = Buffer.alloc(3 << 20, 'large');
const ops = nodeFileOps;

const pinAt = (root: string, content: Buffer) => join(root, '.ingot/pins', digestOf(content));

/** An engine that lets somebody else come first, each time when a writer is about to hold names. */
class Overtaken extends LocalEngine {
  readonly #meddle: (time: number) => unknown;
  constructor(root: string, meddle: (time: number) => unknown) {
    super(root);
    this.#meddle = meddle;
  }

  override async openWriter(options: WriteOptions): Promise<MainHalf> {
    const half = await super.openWriter(options);
    const hold = half.hold.bind(half);
    let time = 0;
    half.hold = async (signal) => {
      await this.#meddle(++time);
      return hold(signal);
    };
    return half;
  }
}

describe.each([1, 2] as const)('in a store of format %i', (format) => {
  it('what is put is pinned, whether it was there or not', async () => {
    const root = storeOfFormat(format);
    const store = await openStoreWith(ops, root);
    for (const content of [SMALL, LARGE])
      for (const outcome of ['new', 'duplicate']) {
        fs.rmSync(pinAt(root, content), { force: true });
        expect(await store.put(content)).toMatchObject({ outcome });
        expect(fs.statSync(pinAt(root, content))).toMatchObject({
          size: 0,
          uid: process.getuid!(),
        });
      }
    await store.close();
  });

  it('a pin is made before the object has its name, and is durable before the put is done', async () => {
    const root = storeOfFormat(format);
    const { ops: recorded, calls } = recordingOps();
    const store = await openStoreWith(recorded, root);
    await store.put(SMALL);
    const at = (name: string, path: string) =>
      calls.findIndex((call) => call.name === name && call.path === path);
    const made = at('openSync', pinAt(root, SMALL));
    expect(made).toBeGreaterThan(0);
    const named = calls.findIndex(({ name, path }) => name === 'renameSync' && /\.tmp-/.test(path));
    expect(named).toBeGreaterThan(made);
    expect(
      calls.findLastIndex(({ name, path }) => name === 'fsync' && path.endsWith('/pins')),
    ).toBe(calls.findLastIndex(({ name }) => name === 'fsync'));
    expect(at('fsyncSync', join(root, '.ingot'))).toBeGreaterThan(
      at('mkdirSync', join(root, '.ingot/pins')),
    );
    await store.close();
  });
});

describe('what goes before the pin is stored again', () => {
  const remove = (root: string, content: Buffer) =>
    removeUnderLock(root, () => fs.rmSync(join(root, digestOf(content)), { force: true }), { ops });

  it.each([
    ['bytes', () => SMALL, SMALL],
    ['many bytes', () => LARGE, LARGE],
    ['a stream', () => Readable.from([LARGE.subarray(0, 1 << 20), LARGE.subarray(1 << 20)]), LARGE],
  ])('of %s', async (_, source, content) => {
    const root = storeOfFormat(2);
    const before = await openStoreWith(ops, root);
    await before.put(content);
    await before.close();
    let times = 0;
    const engine = new Overtaken(root, (time) => {
      times = time;
      return time === 1 ? remove(root, content) : undefined;
    });
    const store = await openStore(engine);
    await store.put(source());
    expect(times).toBeGreaterThan(0);
    expect(digestOf(fs.readFileSync(join(root, digestOf(content))))).toBe(digestOf(content));
    await store.close();
    expect(fs.readdirSync(root).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  });
});

it('a pin waits for a removal, and the waiting can be aborted', async () => {
  const root = storeOfFormat(2);
  const store = await openStoreWith(ops, root);
  await store.put(LARGE);
  let end = () => {};
  const removing = removeUnderLock(root, () => new Promise<void>((done) => (end = done)), { ops });
  const signal = AbortSignal.timeout(100);
  await expect(store.put(SMALL, { signal })).rejects.toThrow(/timeout/i);
  const waiting = store.put(SMALL);
  expect(fs.existsSync(pinAt(root, SMALL))).toBe(false);
  end();
  await removing;
  await waiting;
  expect(fs.existsSync(pinAt(root, SMALL))).toBe(true);
  await store.close();
});

it('a pin is made anew under the lock in a store that became format 2 meanwhile', async () => {
  const root = storeOfFormat(1);
  let [isDone, locks] = [false, 0];
  const { ops: recorded } = recordingOps(({ name, path }) => {
    if (name === 'openSync' && path === join(root, '.ingot/lock')) locks++;
    if (name !== 'openSync' || path !== pinAt(root, SMALL) || isDone) return undefined;
    isDone = true;
    for (const [file, text] of Object.entries(FORMATS[2])) fs.writeFileSync(join(root, file), text);
    return undefined;
  });
  const store = await openStoreWith(recorded, root);
  await store.put(SMALL);
  expect(isDone).toBe(true);
  expect(locks).toBe(1);
  await store.close();
});

it('a put that flushes nothing flushes no pin', async () => {
  const root = tempStore();
  const { ops: recorded, count } = recordingOps();
  const store = await openStoreWith(recorded, root, { durability: 'none' });
  await store.put(SMALL);
  expect(fs.existsSync(pinAt(root, SMALL))).toBe(true);
  expect(count('fsync', /pins/)).toBe(0);
  await store.close();
});

it.each([
  ['openSync', 'EACCES', 'cannot pin an object'],
  ['openSync', 'ENOSPC', 'cannot pin an object'],
  ['fsync', 'EIO', 'cannot make the names of objects durable'],
] as const)('a put whose pin fails fails: %s, %s', async (call, code, what) => {
  const root = tempStore();
  const fault = recordingOps(({ name, path }) =>
    name === call && /\/pins(\/|$)/.test(path) ? errno(code, call.replace('Sync', '')) : undefined,
  );
  const store = await openStoreWith(fault.ops, root);
  await expect(store.put(SMALL)).rejects.toMatchObject({ code, what });
  await store.close();
});

describe('unpin', () => {
  it('removes a pin, durably, and says where there is none', async () => {
    const root = tempStore();
    const store = await openStoreWith(ops, root);
    const { digest } = await store.put(SMALL);
    await store.close();
    const { ops: recorded, calls } = recordingOps();
    expect((await storeStats(root)).pins).toBe(1);
    await unpinIn(new LocalEngine(root, recorded), digest);
    expect((await storeStats(root)).pins).toBe(0);
    const made = calls.map(({ name, path }) => `${name} ${path.slice(root.length)}`);
    expect(made.slice(0, 3)).toEqual([
      `unlinkSync /.ingot/pins/${digest}`,
      'openSync /.ingot/pins',
      'fsyncSync /.ingot/pins',
    ]);
    expect(fs.existsSync(join(root, digest))).toBe(true);
    const again = unpinIn(new LocalEngine(root), digest);
    await expect(again).rejects.toMatchObject({ code: 'INGOT_NOT_PINNED', path: digest });
  });

  it('follows no link', async () => {
    const [root, other] = [tempStore(), tempStore()];
    fs.mkdirSync(join(other, 'pins'));
    fs.writeFileSync(join(other, 'pins', digestOf(SMALL)), '');
    fs.symlinkSync(join(other, 'pins'), join(root, '.ingot/pins'));
    const unpinning = unpinIn(new LocalEngine(root), digestOf(SMALL));
    await expect(unpinning).rejects.toMatchObject({ code: 'INGOT_BAD_METADATA' });
    expect(fs.existsSync(join(other, 'pins', digestOf(SMALL)))).toBe(true);
  });
});
