/** The calls of a gc, in their order; its locks, and what it does when a call fails. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { nodeFileOps } from '../../../src/files/file-ops.ts';
import { loadLibc } from '../../../src/native/libc.ts';
import { forgetIn } from '../../../src/snapshot/forget/forget.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import { holdNames } from '../../../src/store/local/hold.ts';
import { relayoutIn } from '../../../src/store/relayout.ts';
import { storeOfFormat } from '../../harness/formats.ts';
import { demandProgram } from '../../harness/mounts.ts';
import { type Call, errno, recordingOps } from '../../harness/temp-store.ts';
import { storeSnapshot } from '../stored.ts';
import { fileAt, numbered } from '../trees.ts';
import { digest, gcAt, overtaken, setting, whatIsIn } from './setting.ts';

let [root, forgotten, live] = ['', '', ''];
beforeEach(async () => {
  ({ root, forgotten, live } = await setting());
});

const withOps = (ops: ReturnType<typeof recordingOps>['ops']) =>
  gcAt(root, {}, new LocalEngine(root, ops));
const inStore = ({ path }: Call) => path.replace(`${root}/`, '').replace(/[0-9a-f]{64}/, 'DIGEST');

describe('the order of calls', () => {
  let calls: string[];
  beforeEach(async () => {
    const recorded = recordingOps();
    await withOps(recorded.ops);
    calls = recorded.calls.map((call) => `${call.name} ${inStore(call)}`);
  });
  const last = (call: string) => calls.lastIndexOf(call);
  const first = (call: string) => calls.indexOf(call);

  it('is objects, a flush, segments, a flush, references, a flush', () => {
    const order = [
      last('unlinkSync DIGEST'),
      last(`fsyncSync ${root}`),
      last('unlinkSync .ingot/segments/DIGEST'),
      last('fsyncSync .ingot/segments'),
      first(`unlinkSync .ingot/forgotten/${forgotten}`),
      last('fsyncSync .ingot/forgotten'),
    ];
    expect(order[0]).toBeGreaterThan(0);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(first('unlinkSync .ingot/segments/DIGEST')).toBeGreaterThan(order[1]!);
  });

  it('has the references flushed before anything goes, and once more before they go', () => {
    for (const folder of ['snapshots', 'forgotten']) {
      const at = calls.flatMap((call, n) => (call === `fsyncSync .ingot/${folder}` ? [n] : []));
      expect(at[0]).toBeLessThan(first('unlinkSync DIGEST'));
      const before = at.filter((n) => n < first(`unlinkSync .ingot/forgotten/${forgotten}`));
      expect(before.at(-1)).toBeGreaterThan(last('unlinkSync .ingot/segments/DIGEST'));
    }
  });

  it('has another generation, durable and under the lock, before the first name goes', () => {
    const taken = calls.indexOf('unlinkSync DIGEST');
    const changed = calls.findIndex((call) => /^renameSync \.ingot\/.*generation/.test(call));
    const flushed = calls.indexOf('fsyncSync .ingot', changed);
    const locked = calls.indexOf('openSync .ingot/lock');
    const released = calls.indexOf('closeSync .ingot/lock');
    const order = [locked, changed, flushed, taken, released];
    expect(order[0]).toBeGreaterThan(0);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

/** Objects that a snapshot names which is forgotten; each takes `ms` to go. */
async function slowObjects(count: number, ms: number) {
  const contents = Array.from({ length: count }, (_, n) => `content ${n}`);
  const entries = contents.map((content, n) => fileAt(`f${n}`, content));
  const id = await storeSnapshot(root, entries, { contents });
  fs.rmSync(join(root, '.ingot/pins'), { recursive: true });
  await forgetIn(new LocalEngine(root), { snapshots: [id] });
  return recordingOps(({ name, path }) => {
    if (name === 'unlinkSync' && path.startsWith(`${root}/`) && !path.includes('.ingot')) {
      const end = performance.now() + ms;
      while (performance.now() < end);
    }
    return undefined;
  });
}

/** Forgets a snapshot of a file that is large, and of nothing else. */
async function forgetLarge(): Promise<void> {
  const large = { ...fileAt('large', 'large'), size: 64 << 20 };
  const id = await storeSnapshot(root, [large], { contents: ['large'] });
  fs.rmSync(join(root, '.ingot/pins', digest('large')));
  fs.chmodSync(join(root, digest('large')), 0o644);
  fs.truncateSync(join(root, digest('large')), large.size);
  await forgetIn(new LocalEngine(root), { snapshots: [id] });
}

describe('a slice', () => {
  it('ends when others have waited long enough, and each has a generation of its own', async () => {
    const { ops, count } = await slowObjects(80, 10);
    const report = await withOps(ops);
    expect(report.objects).toBe(82);
    // Each takes 10 ms, and none begins after 55.
    expect(report.slices).toBeGreaterThan(8);
    expect(count('renameSync', /generation/)).toBe(report.slices);
  });

  it('lets those pass who wait for it', async () => {
    const { ops } = await slowObjects(60, 10);
    let isOver = false;
    const running = withOps(ops).finally(() => {
      isOver = true;
    });
    let holds = 0;
    while (!isOver) {
      (await holdNames(root, nodeFileOps)).release();
      holds++;
      await delay(5);
    }
    await running;
    expect(holds).toBeGreaterThan(5);
  });

  it('leaves the blocks of a large file to the time after it', async () => {
    await forgetLarge();
    const { ops, calls } = recordingOps();
    expect(await withOps(ops)).toMatchObject({ objects: 3, bytes: 8 + (64 << 20) });
    const names = calls.map((call) => `${call.name} ${inStore(call)}`);
    const moved = names.indexOf('renameSync DIGEST');
    const [locked, before] = ['openSync .ingot/lock', 'closeSync .ingot/lock'].map((call) =>
      names.lastIndexOf(call, moved),
    );
    const released = names.indexOf('closeSync .ingot/lock', moved);
    const gone = names.findIndex((name) => /^unlinkSync \.ingot\/trash\/DIGEST/.test(name));
    expect([moved > 0, locked! > before!, gone > released]).toEqual([true, true, true]);
    expect(whatIsIn(root).trash).toEqual([]);
  });
});

it('what a gc has left in the trash that was killed goes', async () => {
  fs.mkdirSync(join(root, '.ingot/trash'));
  await forgetIn(new LocalEngine(root), { snapshots: [live] });
  // Also when there is nothing else to do.
  for (const _ of [1, 2]) {
    fs.writeFileSync(join(root, '.ingot/trash', `${digest('old')}.0123456789abcdef`), 'old');
    await gcAt(root);
    expect(whatIsIn(root).trash).toEqual([]);
  }
});

describe('where locks may be those of one machine', () => {
  const NFS = 0x6969;

  it.each([
    ['NFS', NFS, 'this is nfs'],
    ['FUSE', 0x65735546, 'this is fuse'],
    ['9p', 0x01021997, 'this is unknown'],
  ])('it is refused, unless there is only this one: %s', async (_, type, why) => {
    const { statfsSync } = fs;
    const spy = vi
      .spyOn(fs, 'statfsSync')
      .mockImplementation(((path: string) =>
        Object.assign(statfsSync(path), { type })) as typeof fs.statfsSync);
    onTestFinished(() => spy.mockRestore());
    const refused = gcAt(root, { thisHostOnly: false });
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'INGOT_LOCKS_MAY_BE_LOCAL', path: root },
      why: expect.stringContaining(why),
    });
    expect(await gcAt(root, { thisHostOnly: false, dryRun: true })).toMatchObject({ objects: 2 });
    expect(await gcAt(root)).toMatchObject({ objects: 2 });
  });
});

describe('a gc that was cut off', () => {
  it.each([
    ['among objects', 'unlinkSync', /\/[0-9a-f]{64}$/, 1],
    ['before their flush', 'fsyncSync', /test-[^/]*$/, 0],
    ['among segments', 'unlinkSync', /segments\//, 0],
    ['before the flush of segments', 'fsyncSync', /segments$/, 0],
    ['before the references', 'unlinkSync', /forgotten\//, 0],
  ] as const)('%s is gone on with by the next one', async (_, call, path, skip) => {
    let met = 0;
    const fault = recordingOps(({ name, path: at }) =>
      name === call && path.test(at) && met++ >= skip
        ? errno('EIO', call.replace('Sync', ''))
        : undefined,
    );
    await expect(withOps(fault.ops)).rejects.toMatchObject({ code: 'EIO' });
    expect(met).toBeGreaterThan(skip);
    expect(whatIsIn(root)).toMatchObject({ snapshots: [live], forgotten: [forgotten] });
    expect(whatIsIn(root).objects).toContain(digest('shared'));
    await gcAt(root);
    expect(whatIsIn(root)).toMatchObject({ snapshots: [live], forgotten: [] });
    expect([whatIsIn(root).objects.length, whatIsIn(root).segments.length]).toEqual([2, 1]);
  });
});

it('a gc that was cut off among the segments of a large tree leaves a way to all of them', async () => {
  const entries = numbered('d', 3000).map((entry) => ({ ...entry, path: entry.path.slice(2) }));
  const id = await storeSnapshot(root, entries);
  await forgetIn(new LocalEngine(root), { snapshots: [id] });
  expect(whatIsIn(root).segments.length).toBeGreaterThan(5);
  let met = 0;
  const fault = recordingOps(({ name, path }) =>
    name === 'unlinkSync' && /segments\//.test(path) && met++ >= 3
      ? errno('EIO', 'unlink')
      : undefined,
  );
  await expect(withOps(fault.ops)).rejects.toMatchObject({ code: 'EIO' });
  await gcAt(root);
  expect(whatIsIn(root)).toMatchObject({ forgotten: [], segments: [expect.anything()] });
});

describe('what cannot be removed', () => {
  it('stays where it is no file, and is not counted', async () => {
    fs.rmSync(join(root, digest('old')));
    fs.mkdirSync(join(root, digest('old')));
    fs.rmSync(join(root, digest('older')));
    expect(await gcAt(root)).toMatchObject({ objects: 0, bytes: 0, snapshots: 1, stuck: 0 });
    expect(whatIsIn(root).objects).toContain(digest('old'));
  });

  it.each(['EACCES', 'EPERM'])('stays, and what names it: %s', async (code) => {
    const fault = recordingOps(({ name, path }) =>
      name === 'unlinkSync' && path.endsWith(digest('old')) ? errno(code, 'unlink') : undefined,
    );
    const report = await withOps(fault.ops);
    expect(report).toMatchObject({ objects: 1, segments: 0, snapshots: 0, stuck: 1 });
    expect(report.firstStuck).toMatchObject({ code, path: join(root, digest('old')) });
    expect(whatIsIn(root)).toMatchObject({ forgotten: [forgotten] });
    expect(await gcAt(root)).toMatchObject({ objects: 1, snapshots: 1, stuck: 0 });
  });

  it.each(['EROFS', 'EIO', 'ENOSPC'])('because of the disk ends it: %s', async (code) => {
    const fault = recordingOps(({ name, path }) =>
      name === 'unlinkSync' && /\/[0-9a-f]{64}$/.test(path) ? errno(code, 'unlink') : undefined,
    );
    await expect(withOps(fault.ops)).rejects.toMatchObject({
      code,
      what: 'cannot take away what nobody needs',
    });
    expect(whatIsIn(root)).toMatchObject({ forgotten: [forgotten] });
  });
});

it('on a full disk it goes on', async () => {
  const full = recordingOps(({ name, path }) => {
    const makes = name === 'mkdirSync' || (name === 'openSync' && path.includes('generation.'));
    return makes ? errno('ENOSPC') : undefined;
  });
  await forgetLarge();
  expect(await withOps(full.ops)).toMatchObject({ objects: 3, snapshots: 2 });
});

describe('beside others', () => {
  const lock = async (name: string, kind: 'exclusive' | 'shared' = 'exclusive') => {
    const fd = fs.openSync(join(root, '.ingot', name), 'a+');
    expect((await loadLibc())!.tryLock(fd as never, kind)).toBe(true);
    return () => fs.closeSync(fd);
  };

  it.each([
    ['gc-run.lock', 'INGOT_GC_RUNNING'],
    ['relayout.lock', 'INGOT_RELAYOUT_RUNNING'],
  ])('it is refused while %s is held', async (name, code) => {
    const release = await lock(name);
    const before = whatIsIn(root);
    await expect(gcAt(root)).rejects.toMatchObject({ code, path: root });
    expect(await gcAt(root, { dryRun: true })).toMatchObject({ objects: 2 });
    expect(whatIsIn(root)).toEqual(before);
    release();
    expect(await gcAt(root)).toMatchObject({ objects: 2 });
  });

  it('no other gc, and no relayout, begins meanwhile', async () => {
    const codes: string[] = [];
    const refused = (promise: Promise<unknown>) =>
      promise.catch((error: NodeJS.ErrnoException) => codes.push(error.code!));
    const engine = overtaken(root, async (time) => {
      if (time > 1) return;
      await refused(gcAt(root));
      await refused(relayoutIn(new LocalEngine(root), 'sharded'));
    });
    await gcAt(root, {}, engine);
    expect(codes).toEqual(['INGOT_GC_RUNNING', 'INGOT_RELAYOUT_RUNNING']);
    await relayoutIn(new LocalEngine(root), 'sharded');
  });

  it('it waits for who holds names, and says who that is', async (context) => {
    demandProgram(context, 'flock');
    const path = join(root, '.ingot/lock');
    fs.writeFileSync(path, '');
    const child = spawn('flock', ['--shared', path, 'sleep', '0.5']);
    onTestFinished(() => void child.kill());
    const libc = (await loadLibc())!;
    for (let isHeld = false; !isHeld; await delay(5)) {
      const fd = fs.openSync(path, 'r+');
      isHeld = !libc.tryLock(fd as never);
      fs.closeSync(fd);
    }
    const { waitedFor, waitedMs } = await gcAt(root);
    expect(waitedFor).toMatchObject([{ pid: child.pid, since: expect.stringMatching(/^20.*Z$/) }]);
    expect(waitedMs).toBeGreaterThan(100);
  });

  it('it does not wait for a writer that is open', async () => {
    const half = await new LocalEngine(root).openWriter({
      ...{ durability: 'group', barrier: 'auto', verifyHits: false, dryRun: false, groups: 0 },
    });
    expect(await gcAt(root, { signal: AbortSignal.timeout(5000) })).toMatchObject({ objects: 2 });
    await half.end('done');
  });

  it('its waiting ends with the signal', async () => {
    const release = await lock('lock', 'shared');
    const running = gcAt(root, { signal: AbortSignal.timeout(100) });
    await expect(running).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
    release();
    await gcAt(root);
  });

  it.each(['lock', 'gate', 'gc-run.lock', 'relayout.lock', 'pins', 'trash'])(
    'a link in place of %s is refused',
    async (name) => {
      const path = join(root, '.ingot', name);
      fs.rmSync(path, { recursive: true, force: true });
      fs.symlinkSync('/tmp', path);
      await expect(gcAt(root)).rejects.toMatchObject({ code: 'INGOT_BAD_METADATA', path });
    },
  );
});

it.each([1, 2] as const)('a store of format %i that is not ready is refused', async (format) => {
  const store = storeOfFormat(format);
  const path = join(store, '.ingot/store.json');
  const { since: _, ...rest } = JSON.parse(fs.readFileSync(path, 'utf8'));
  fs.writeFileSync(path, JSON.stringify(rest));
  await expect(gcAt(store)).rejects.toMatchObject({ code: 'INGOT_NO_SNAPSHOT', path: store });
});
