/** What a gc takes, what it leaves, and what comes in between. */
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/digest.ts';
import { forgetIn, unforgetIn } from '../../../src/snapshot/forget/forget.ts';
import { snapshots } from '../../../src/snapshot/snapshot.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import type { Space } from '../../../src/store/seam/write.ts';
import { Store } from '../../../src/store/store.ts';
import { unpinIn } from '../../../src/store/unpin.ts';
import { expectWholeSnapshots } from '../../harness/store-checks.ts';
import { storeSnapshot } from '../stored.ts';
import { directoryAt, fileAt } from '../trees.ts';
import {
  digest,
  FORGOTTEN_ENTRIES,
  gcAt,
  overtaken,
  type Setting,
  setting,
  whatIsIn,
} from './setting.ts';

let [root, forgotten, live] = ['', '', ''];
let orphan: Setting['orphan'];
beforeEach(async () => {
  ({ root, forgotten, live, orphan } = await setting());
});

const sorted = (...contents: string[]) => [...contents.map(digest), orphan].sort();
const unforget = (id: string) => unforgetIn(new LocalEngine(root), [id]);
const forget = (id: string) => forgetIn(new LocalEngine(root), { snapshots: [id] });

async function put(content: string): Promise<void> {
  const store = await Store.open(root);
  await store.put(Buffer.from(content));
  await store.close();
}

describe('a gc', () => {
  it('takes what only forgotten snapshots name, and nothing else', async () => {
    const before = whatIsIn(root);
    const report = await gcAt(root);
    expect(report).toMatchObject({
      ...{ dryRun: false, needed: undefined, objects: 2, bytes: 8, segments: 1, snapshots: 1 },
      ...{ orphans: 0, stuck: 0, waitedFor: [] },
    });
    const after = whatIsIn(root);
    expect(after.objects).toEqual(sorted('shared'));
    expect(after.segments.length).toBe(before.segments.length - 1);
    expect(after).toMatchObject({ snapshots: [live], forgotten: [], trash: [] });
    expect(expectWholeSnapshots(root)).toEqual([live]);
    expect(await gcAt(root)).toMatchObject({ objects: 0, segments: 0, snapshots: 0, slices: 0 });
  });

  it('takes all of it where no snapshot is left', async () => {
    await forget(live);
    expect(await gcAt(root)).toMatchObject({ objects: 3, segments: 2, snapshots: 2 });
    expect(whatIsIn(root)).toMatchObject({ objects: [orphan], segments: [], forgotten: [] });
  });

  it('takes nothing in a dry run, and says what would go', async () => {
    const before = [whatIsIn(root), fs.readdirSync(join(root, '.ingot'))];
    const {
      slices: _,
      longestSliceMs: __,
      waitedMs: ___,
      ...would
    } = await gcAt(root, { dryRun: true });
    expect([whatIsIn(root), fs.readdirSync(join(root, '.ingot'))]).toEqual(before);
    expect(await gcAt(root)).toMatchObject({ ...would, dryRun: false });
  });

  it('leaves what is pinned, until it is unpinned', async () => {
    await put('old');
    expect(await gcAt(root, { dryRun: true })).toMatchObject({ objects: 1, bytes: 5 });
    expect(await gcAt(root)).toMatchObject({ objects: 1, snapshots: 1 });
    expect(whatIsIn(root).objects).toEqual(sorted('shared', 'old'));
    await unpinIn(new LocalEngine(root), digest('old'));
    expect(await gcAt(root, { orphans: true, olderThan: '0h' })).toMatchObject({ orphans: 2 });
    expect(whatIsIn(root).objects).toEqual([digest('shared')]);
  });

  it('takes nothing where a planted segment names a file of another kind', async () => {
    const planted = `${'./'.repeat(28)}not-ours` as Digest;
    fs.writeFileSync(join(root, 'not-ours'), '');
    await forget(await storeSnapshot(root, [{ ...fileAt('f', 'f'), digest: planted }]));
    expect(await gcAt(root)).toMatchObject({ objects: 2, snapshots: 2 });
    expect(fs.existsSync(join(root, 'not-ours'))).toBe(true);
  });

  it('counts an object once, in however many entries and snapshots it is', async () => {
    const entries = ['a', 'b', 'c'].map((name) => fileAt(name, 'old'));
    await forget(await storeSnapshot(root, entries));
    expect(await gcAt(root, { dryRun: true })).toMatchObject({ objects: 2, snapshots: 2 });
    expect(await gcAt(root)).toMatchObject({ objects: 2, segments: 2, snapshots: 2 });
  });

  it('finds objects in either layout, beside a relayout that was cut off', async () => {
    const path = join(root, '.ingot/store.json');
    const format = JSON.parse(fs.readFileSync(path, 'utf8'));
    fs.writeFileSync(path, JSON.stringify({ ...format, layout: 'sharded', movingFrom: 'flat' }));
    const shard = digest('older').slice(0, 2);
    fs.mkdirSync(join(root, shard));
    fs.renameSync(join(root, digest('older')), join(root, shard, digest('older')));
    expect(await gcAt(root)).toMatchObject({ objects: 2 });
    expect(fs.readdirSync(join(root, shard))).toEqual([]);
    expect(whatIsIn(root).objects).toEqual(sorted('shared'));
  });
});

describe('a snapshot that comes before a slice', () => {
  it('is marked first: what it names stays', async () => {
    const engine = overtaken(root, async (time) => {
      if (time === 1) await storeSnapshot(root, [fileAt('new', 'old')]);
    });
    expect(await gcAt(root, {}, engine)).toMatchObject({ objects: 1, snapshots: 1 });
    expect(whatIsIn(root).objects).toEqual(sorted('shared', 'old'));
    expect(expectWholeSnapshots(root).length).toBe(2);
  });

  it('keeps the segments, too, that it needs', async () => {
    let times = 0;
    const engine = overtaken(root, async (time) => {
      times = time;
      if (time !== 2) return;
      // The very same tree.
      await storeSnapshot(root, FORGOTTEN_ENTRIES, { contents: ['old', 'older'] });
    });
    expect(await gcAt(root, {}, engine)).toMatchObject({ objects: 2, segments: 0, snapshots: 1 });
    expect(times).toBe(2);
    expect(expectWholeSnapshots(root).length).toBe(2);
  });

  it('may be one that is brought back, which stays, be it forgotten again', async () => {
    const engine = overtaken(root, async (time) => {
      if (time === 1) await unforget(forgotten);
    });
    expect(await gcAt(root, {}, engine)).toMatchObject({ objects: 0, segments: 0, snapshots: 0 });
    expect(expectWholeSnapshots(root)).toEqual([forgotten, live]);
    await forget(forgotten);
    let isDone = false;
    const again = overtaken(root, async () => {
      if (isDone) return;
      isDone = true;
      await unforget(forgotten);
    });
    // Forgotten once more after it was marked: the next gc takes it.
    const { openReader } = again;
    Object.assign(again, {
      openReader: async (space: Space) => {
        const reader = await openReader.call(again, space);
        if (space !== 'references') return reader;
        const { readWhole } = reader;
        reader.readWhole = async (name, most) => {
          const bytes = await readWhole.call(reader, name, most);
          if (name === forgotten) await forget(forgotten);
          return bytes;
        };
        return reader;
      },
    });
    expect(await gcAt(root, {}, again)).toMatchObject({ objects: 0, snapshots: 0 });
    expect(whatIsIn(root).forgotten).toEqual([forgotten]);
    expect(await gcAt(root)).toMatchObject({ objects: 2, snapshots: 1 });
  });
});

it('what is put before a slice stays', async () => {
  const engine = overtaken(root, async (time) => {
    if (time === 1) await put('old');
  });
  expect(await gcAt(root, {}, engine)).toMatchObject({ objects: 1 });
  expect(whatIsIn(root).objects).toEqual(sorted('shared', 'old'));
});

describe('what keeps a gc from knowing what is needed stops it', () => {
  const referenceAt = (id: string) => join(root, '.ingot/snapshots', id);
  const rewrite = (path: string, edit: (text: string) => string) => {
    const text = edit(fs.readFileSync(path, 'utf8'));
    fs.rmSync(path);
    fs.writeFileSync(path, text);
  };
  const newerReference = (text: string) => {
    const line = `${text.split('\n')[0]!.replace('"snapshot":1', '"snapshot":2')}\n`;
    return `${line}{"sha256":"${digestOf(Buffer.from(line))}"}\n`;
  };
  /** Of the live snapshot. */
  const rootSegment = () => {
    const [, name] = /"root":\{"sha256":"([0-9a-f]+)/.exec(
      fs.readFileSync(referenceAt(live), 'utf8'),
    )!;
    return join(root, '.ingot/segments', name!);
  };
  const planted = (text: string) => {
    const name = digest(text);
    fs.writeFileSync(join(root, '.ingot/segments', name), text);
    rewrite(referenceAt(live), (reference) => {
      const line = reference
        .split('\n')[0]!
        .replace(/"root":\{"sha256":"[0-9a-f]+/, `"root":{"sha256":"${name}`);
      return `${line}\n{"sha256":"${digestOf(Buffer.from(`${line}\n`))}"}\n`;
    });
  };

  it.each<[string, string, () => void]>([
    [
      'a damaged reference',
      'INGOT_DAMAGED',
      () => rewrite(referenceAt(live), (text) => text.slice(1)),
    ],
    ['a newer reference', 'INGOT_NEWER_FORMAT', () => rewrite(referenceAt(live), newerReference)],
    ['another file', 'INGOT_DAMAGED', () => fs.writeFileSync(referenceAt('other'), '')],
    ['a missing segment', 'INGOT_DAMAGED', () => fs.rmSync(rootSegment())],
    [
      'a damaged segment',
      'INGOT_DAMAGED',
      () => rewrite(rootSegment(), (text) => text.replace('d', 'e')),
    ],
    ['a newer segment', 'INGOT_NEWER_FORMAT', () => planted('{"segment":2,"level":0}\n')],
    ['no segment', 'INGOT_DAMAGED', () => planted('{"level":0}\n')],
    [
      'a newer reference that is forgotten',
      'INGOT_NEWER_FORMAT',
      () => rewrite(join(root, '.ingot/forgotten', forgotten), newerReference),
    ],
  ])('%s', async (_, code, spoil) => {
    spoil();
    const before = whatIsIn(root);
    await expect(gcAt(root)).rejects.toMatchObject({ code });
    expect(whatIsIn(root)).toEqual(before);
  });

  it('a reference that comes and cannot be read, too', async () => {
    const engine = overtaken(root, (time) => {
      if (time === 2) fs.writeFileSync(referenceAt('other'), '');
    });
    await expect(gcAt(root, {}, engine)).rejects.toMatchObject({ code: 'INGOT_DAMAGED' });
    expect(whatIsIn(root)).toMatchObject({ forgotten: [forgotten] });
    expect(whatIsIn(root).segments.length).toBe(2);
    fs.rmSync(referenceAt('other'));
    expect(await gcAt(root)).toMatchObject({ objects: 0, segments: 1, snapshots: 1 });
  });

  it('not what is damaged of forgotten ones: it is noted, and its objects stay', async () => {
    const path = join(root, '.ingot/forgotten', forgotten);
    const notes: string[] = [];
    const onUnreadable = (id: string) => void notes.push(id);
    const [, name] = /"root":\{"sha256":"([0-9a-f]+)/.exec(fs.readFileSync(path, 'utf8'))!;
    rewrite(join(root, '.ingot/segments', name!), (text) => text.replace('x', 'z'));
    const other = await storeSnapshot(root, [fileAt('z', 'old')]);
    await forget(other);
    rewrite(join(root, '.ingot/forgotten', other), (text) => text.slice(1));
    expect(await gcAt(root, { onUnreadable })).toMatchObject({ objects: 0, snapshots: 2 });
    expect(notes.sort()).toEqual([forgotten, other].sort());
    expect(whatIsIn(root).objects).toEqual(sorted('shared', 'old', 'older'));
  });
});

describe('orphans', () => {
  const DAY_MS = 24 * 3600 * 1000;
  const orphans = (options = {}) => gcAt(root, { orphans: true, ...options });

  it('go when they are older than a week, by all that the file system says', async () => {
    expect(await orphans()).toMatchObject({ orphans: 0, objects: 2 });
    const old = (Date.now() - 8 * DAY_MS) / 1000;
    fs.utimesSync(join(root, orphan), old, old);
    // It got its name, or its time, only now.
    expect(await orphans()).toMatchObject({ orphans: 0 });
    expect(await orphans({ olderThan: '0h', dryRun: true })).toMatchObject({ orphans: 1 });
    expect(await orphans({ olderThan: '0h' })).toMatchObject({ orphans: 1, orphanBytes: 16 });
    expect(whatIsIn(root).objects).toEqual([digest('shared')]);
  });

  it('stay when they are younger than a writer that is open', async () => {
    const store = await Store.open(root);
    await store.put(Buffer.from('pinned'));
    const path = join(root, digest('young'));
    fs.writeFileSync(path, 'young');
    await delay(20);
    expect(await orphans({ olderThan: '0h' })).toMatchObject({ orphans: 1 });
    expect(fs.existsSync(path)).toBe(true);
    await store.close();
    expect(await orphans({ olderThan: '0h' })).toMatchObject({ orphans: 1 });
    expect(fs.existsSync(path)).toBe(false);
    expect(fs.existsSync(join(root, digest('pinned')))).toBe(true);
  });

  it('are segments as well', async () => {
    fs.writeFileSync(join(root, '.ingot/segments', digest('segment')), 'segment');
    await delay(20);
    expect(await orphans({ olderThan: '0h' })).toMatchObject({ orphans: 2 });
    expect(expectWholeSnapshots(root)).toEqual([live]);
  });

  it('are refused in a store without snapshots', async () => {
    await forget(live);
    await expect(orphans()).rejects.toMatchObject({ code: 'INGOT_NO_SNAPSHOT' });
    expect(whatIsIn(root).objects).toContain(orphan);
  });

  it('are counted apart from what forgotten snapshots name, in a dry run, too', async () => {
    const would = await orphans({ olderThan: '0h', dryRun: true });
    expect(would).toMatchObject({ needed: 1, objects: 2, segments: 1, orphans: 1 });
  });
});

it('an interrupted gc leaves the rest to the next one', async () => {
  const stop = new AbortController();
  const engine = overtaken(root, (time) => {
    if (time === 2) stop.abort('enough');
  });
  const running = gcAt(root, { signal: stop.signal }, engine);
  await expect(running).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
  expect(whatIsIn(root)).toMatchObject({ forgotten: [forgotten] });
  await expect(unforget(forgotten)).rejects.toMatchObject({ code: 'INGOT_OBJECT_GONE' });
  expect(await gcAt(root)).toMatchObject({ objects: 0, segments: 1, snapshots: 1 });
  expect((await snapshots(root)).snapshots.map(({ id }) => id)).toEqual([live]);
});

it('shows how far it is', async () => {
  const phases = new Set<string>();
  let last = { segments: 0, removed: 0, bytes: 0 };
  await gcAt(root, {
    onProgress: ({ phase, ...counts }) => {
      phases.add(phase);
      last = counts;
    },
  });
  expect([...phases]).toEqual(['marking', 'removing']);
  expect(last).toEqual({ segments: 1, removed: 2, bytes: 8 });
  await storeSnapshot(root, [directoryAt('d')]);
});
