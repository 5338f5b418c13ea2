/** What stats say of snapshots, compared with what a forget and a gc would do. */
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/snapshot/entry.ts';
import { forgetIn, unforgetIn } from '../../../src/snapshot/forget/forget.ts';
import type { GcOptions } from '../../../src/snapshot/gc/api.ts';
import { openSnapshot } from '../../../src/snapshot/snapshot.ts';
import type { Amount, StatsOptions } from '../../../src/snapshot/stats/api.ts';
import { storeStats, storeStatsIn } from '../../../src/snapshot/stats/stats.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import type { Engine } from '../../../src/store/seam/engine.ts';
import type { Space } from '../../../src/store/seam/write.ts';
import { Store } from '../../../src/store/store.ts';
import { ingot } from '../../harness/run.ts';
import { digest, gcAt, type Setting, setting, whatIsIn } from '../gc/setting.ts';
import { storeSnapshot } from '../stored.ts';
import { directoryAt, fileAt } from '../trees.ts';

const NOTHING: Amount = { objects: 0, bytes: 0, segments: 0, segmentBytes: 0 };

/** What a gc would take now. */
async function gcWould(root: string, options: GcOptions = {}): Promise<Amount> {
  const report = await gcAt(root, { dryRun: true, ...options });
  const { objects, bytes, segments, segmentBytes } = report;
  return { objects, bytes, segments, segmentBytes };
}

function difference(more: Amount, less: Amount): Amount {
  return {
    objects: more.objects - less.objects,
    bytes: more.bytes - less.bytes,
    segments: more.segments - less.segments,
    segmentBytes: more.segmentBytes - less.segmentBytes,
  };
}

/** What would go if a snapshot alone were forgotten. */
async function goesWith(root: string, id: string): Promise<Amount> {
  const before = await gcWould(root);
  await forgetIn(new LocalEngine(root), { snapshots: [id] });
  const after = await gcWould(root);
  await unforgetIn(new LocalEngine(root), [id]);
  return difference(after, before);
}

/** The distinct contents that a snapshot names, and their bytes. */
async function namedBy(root: string, id: string): Promise<{ objects: number; bytes: number }> {
  const sizes = new Map<string, number>();
  for await (const entry of (await openSnapshot(root, id)).entries())
    if (entry.type === 'file') sizes.set(entry.digest, entry.size);
  return { objects: sizes.size, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

function sum(...amounts: Amount[]): Amount {
  return amounts.reduce((all, each) => difference(all, difference(NOTHING, each)), NOTHING);
}

/** Snapshots of some thousand files, which share most segments; two series that take turns. */
async function series(hosts = ['even', 'odd']): Promise<{ root: string; ids: string[] }> {
  const { root } = await setting();
  const ids: string[] = [];
  const contents = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(n + 2));
  for (let time = 0; time < 5; time++) {
    const files = Array.from({ length: 3000 }, (_, n): Entry => {
      const isNew = n % 500 < time * 7;
      const name = `${String(n).padStart(5, '0')}${time === 4 ? ' moved' : ''}`;
      const common = contents[isNew ? 20 + ((n + time) % 20) : n % 20]!;
      return fileAt(`d/${name}`, n === 100 * time ? `of ${time} alone` : common);
    });
    const odd = hosts.length > 1 && time % 2 === 1;
    const entries = odd ? files.slice(0, 1500) : files;
    ids.push(
      await storeSnapshot(root, [directoryAt('d'), ...entries], {
        contents: [...(time === 0 ? contents : []), `of ${time} alone`],
        host: hosts[time % hosts.length]!,
        time: Date.now() + 1000 * time,
      }),
    );
  }
  fs.rmSync(join(root, '.ingot/pins'), { recursive: true });
  return { root, ids };
}

describe('stats', () => {
  it('say what would go with each snapshot, and what others need of it', async () => {
    const { root, ids } = await series();
    await forgetIn(new LocalEngine(root), { snapshots: [ids[1]!] });
    const store = await Store.open(root);
    await store.put(Buffer.from('30'.padEnd(32)));
    await store.close();
    const stats = await storeStats(root);
    expect(stats.snapshots.map(({ id }) => id)).toEqual(whatIsIn(root).snapshots);
    expect(stats.forgotten).toEqual({ snapshots: 2, ...(await gcWould(root)) });
    for (const { id, own, shared, size } of stats.snapshots) {
      expect(own, id).toEqual(await goesWith(root, id));
      const { objects, bytes } = sum(own!, shared!);
      expect({ objects, bytes }, id).toEqual(await namedBy(root, id));
      expect(size).toBe((await openSnapshot(root, id)).reference.root.size);
    }
    // Else nothing of the above was tried.
    const some = stats.snapshots.filter(({ own }) => own!.objects > 0 && own!.segments > 0);
    expect(some.length).toBeGreaterThan(1);
    expect(stats.snapshots.some(({ shared }) => shared!.segments > 2)).toBe(true);
  });

  it('read each segment once, however many snapshots of a series have it', async () => {
    const { root } = await series(['host']);
    const read: string[] = [];
    await storeStatsIn(watching(root, (name) => void read.push(name)));
    expect(new Set(read).size).toBe(read.length);
    expect(read.sort()).toEqual(whatIsIn(root).segments);
  });

  it('share out all objects: to snapshots, forgotten ones, pins and nobody', async () => {
    const { root, orphan } = await setting();
    const store = await Store.open(root);
    for (const content of ['pinned', 'old']) await store.put(Buffer.from(content));
    await store.close();
    const stats = await storeStats(root);
    expect(stats).toMatchObject({
      ...{ pins: 2, pinned: { objects: 2, bytes: 9 }, objects: 5 },
      forgotten: { snapshots: 1, objects: 1, bytes: 5, segments: 1 },
      orphans: { objects: 1, segments: 0 },
    });
    expect(stats.orphans!.bytes).toBe(fs.statSync(join(root, orphan)).size);
    const orphans = await gcAt(root, { dryRun: true, orphans: true, olderThan: '0h' });
    expect(orphans).toMatchObject({ orphans: 1, orphanBytes: stats.orphans!.bytes });
    expect(stats.snapshots).toMatchObject([{ own: { objects: 1 }, shared: NOTHING }]);
    await storePinned(root, 'shared');
    const { snapshots } = await storeStats(root);
    expect(snapshots).toMatchObject([{ own: { objects: 0 }, shared: { objects: 1, bytes: 6 } }]);
  });

  it('count segments that no snapshot has among the orphans', async () => {
    const { root, forgotten } = await setting();
    fs.rmSync(join(root, '.ingot/forgotten', forgotten));
    const [stats, report] = [
      await storeStats(root),
      await gcAt(root, { dryRun: true, orphans: true, olderThan: '0h' }),
    ];
    const { objects, bytes, segments, segmentBytes } = stats.orphans!;
    expect([objects, segments]).toEqual([3, 1]);
    expect([objects + segments, bytes + segmentBytes]).toEqual([
      report.orphans,
      report.orphanBytes,
    ]);
    expect(stats.forgotten).toEqual({ snapshots: 0, ...NOTHING });
  });

  it('leave out of both what a snapshot needs and the store has lost', async () => {
    const { root } = await setting();
    fs.rmSync(join(root, digest('shared')));
    const { snapshots } = await storeStats(root);
    expect(snapshots).toMatchObject([{ own: { objects: 0, bytes: 0 }, shared: NOTHING }]);
  });

  it('of a store without snapshots have no word of any', async () => {
    const { root } = await setting();
    for (const folder of ['snapshots', 'forgotten', 'segments'])
      fs.rmSync(join(root, '.ingot', folder), { recursive: true });
    expect(await storeStats(root)).toMatchObject({
      ...{ snapshots: [], forgotten: { snapshots: 0, ...NOTHING }, orphans: { objects: 4 } },
    });
    expect(ingot(['stats', '--store', root]).stdout).not.toMatch(/forgotten|orphans|SHARED/);
  });

  it('make nothing, not even locks', async () => {
    const { root } = await setting();
    for (const lock of ['lock', 'gate', 'gc-run.lock', 'relayout.lock'])
      fs.rmSync(join(root, '.ingot', lock), { force: true });
    const before = fs.readdirSync(join(root, '.ingot'));
    const times = fs.statSync(join(root, '.ingot')).mtimeMs;
    await storeStats(root);
    expect(fs.readdirSync(join(root, '.ingot'))).toEqual(before);
    expect(fs.statSync(join(root, '.ingot')).mtimeMs).toBe(times);
  });
});

async function storePinned(root: string, content: string): Promise<void> {
  const store = await Store.open(root);
  await store.put(Buffer.from(content));
  await store.close();
}

/** An engine that calls before a segment is read. */
function watching(root: string, onRead: (name: string) => unknown): Engine {
  const engine = new LocalEngine(root);
  const { openReader } = engine;
  return Object.assign(engine, {
    openReader: async (space: Space) => {
      const reader = await openReader.call(engine, space);
      if (space !== 'segments') return reader;
      const { readWhole } = reader;
      reader.readWhole = async (name, most) => {
        await onRead(name);
        return readWhole.call(reader, name, most);
      };
      return reader;
    },
  });
}

describe('beside others', () => {
  it('pass over a snapshot that goes meanwhile, and say the same as after it', async () => {
    const { root, ids } = await series();
    let reads = 0;
    const damaged: string[] = [];
    const stats = await storeStatsIn(
      watching(root, async () => {
        if (++reads !== 12) return;
        await forgetIn(new LocalEngine(root), { snapshots: [ids[0]!, ids[4]!] });
        await gcAt(root);
      }),
      { onDamagedSnapshot: ({ id }) => void damaged.push(id) },
    );
    expect(reads).toBeGreaterThan(12);
    expect(damaged).toEqual([]);
    const after = await storeStats(root);
    expect(after.snapshots.map(({ id }) => id)).not.toContain(ids[4]);
    const { fileSystem: _, ...same } = after;
    expect(stats).toMatchObject(same);
  });

  it('say nothing of a snapshot that is forgotten while objects are counted', async () => {
    const { root, live } = await setting();
    const forget = () => forgetIn(new LocalEngine(root), { snapshots: [live] });
    const engine = new LocalEngine(root);
    const { stats } = engine;
    engine.stats = async (options) => {
      await forget();
      return stats.call(engine, options);
    };
    expect((await storeStatsIn(engine)).snapshots).toEqual([]);
  });

  it('end when they are told to', async () => {
    const { root } = await setting();
    const abort = new AbortController();
    const running = storeStatsIn(
      watching(root, () => abort.abort('enough')),
      { signal: abort.signal },
    );
    await expect(running).rejects.toBe('enough');
  });
});

describe('of a store that is damaged', () => {
  let { root, live, forgotten } = {} as Setting;
  const begin = async () => {
    ({ root, live, forgotten } = await setting());
  };
  const segmentOf = async (id: string, folder = 'snapshots') => {
    const reference = fs.readFileSync(join(root, '.ingot', folder, id), 'utf8');
    return join(root, '.ingot/segments', /"root":\{"sha256":"([0-9a-f]{64})/.exec(reference)![1]!);
  };
  const spoil = (path: string) => {
    fs.rmSync(path);
    fs.writeFileSync(path, 'other bytes');
  };
  async function counted(options: StatsOptions = {}) {
    const damaged: [string, string][] = [];
    const stats = await storeStats(root, {
      onDamagedSnapshot: ({ id, failure }) => void damaged.push([id, failure.code]),
      ...options,
    });
    return { stats, damaged };
  }

  it('name a segment once, and know nothing of snapshots that need it', async () => {
    await begin();
    const other = await storeSnapshot(root, [fileAt('other', 'other')], { contents: ['other'] });
    const again = await storeSnapshot(root, [directoryAt('d'), fileAt('d/f', 'shared')]);
    fs.rmSync(join(root, '.ingot/pins'), { recursive: true });
    spoil(await segmentOf(live));
    const { stats, damaged } = await counted();
    expect(damaged).toEqual([[live, 'INGOT_DAMAGED']]);
    expect(stats.snapshots).toMatchObject([
      { id: live, own: undefined, shared: undefined },
      { id: other, own: { objects: 1, bytes: 5, segments: 1 } },
      { id: again, own: undefined, shared: undefined },
    ]);
    expect(stats).toMatchObject({ forgotten: undefined, orphans: undefined, pinned: undefined });
    const { code, stdout, stderr } = ingot(['stats', '--store', root]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^ingot: segment [0-9a-f]{64} of a snapshot is damaged: .*\n$/);
    expect(stdout).toMatch(/^gc {10}would refuse: /m);
    expect(stdout).toMatch(/ \? +\? *$/m);
  });

  it('name a reference, and do not know what gc would free', async () => {
    await begin();
    fs.writeFileSync(join(root, '.ingot/snapshots', '20200101T000000Z-00000000'), 'nonsense');
    const { stats, damaged } = await counted();
    expect(damaged).toEqual([['20200101T000000Z-00000000', 'INGOT_DAMAGED']]);
    expect(stats).toMatchObject({ snapshots: [{ id: live }], forgotten: undefined });
    expect(ingot(['stats', '--store', root, '--json']).code).toBe(4);
  });

  it('know what gc would free where a forgotten snapshot is damaged: as gc does', async () => {
    await begin();
    spoil(await segmentOf(forgotten, 'forgotten'));
    const { stats, damaged } = await counted();
    expect(damaged).toEqual([[forgotten, 'INGOT_DAMAGED']]);
    const report = await gcAt(root, { dryRun: true, orphans: true, olderThan: '0h' });
    const { objects, segments, bytes, segmentBytes } = stats.orphans!;
    expect(stats.forgotten).toEqual({ snapshots: 1, ...(await gcWould(root)) });
    expect([objects + segments, bytes + segmentBytes]).toEqual([
      report.orphans,
      report.orphanBytes,
    ]);
  });

  it('pass over in silence what a killed gc has taken of a forgotten snapshot', async () => {
    await begin();
    fs.rmSync(await segmentOf(forgotten, 'forgotten'));
    const { stats, damaged } = await counted();
    expect(damaged).toEqual([]);
    expect(stats.forgotten).toEqual({ snapshots: 1, ...NOTHING });
  });
});

it('a program has each snapshot with its amounts', async () => {
  const { root, live } = await setting();
  const { code, stdout } = ingot(['stats', '--store', root, '--json=events']);
  expect(code).toBe(0);
  const events = stdout.trim().split('\n');
  expect(events.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { event: 'snapshot', id: live, size: 6, own: { objects: 1, bytes: 6, segments: 1 } },
    { event: 'report', orphans: { objects: 1 }, forgotten: { snapshots: 1, objects: 2 } },
  ]);
});
