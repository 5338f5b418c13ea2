/** Verifying stores with snapshots. Runs the built package: its threads run built entry files. */
import fs from 'node:fs';
import { join } from 'node:path';
import { type LostObject, type VerifyOptions, type VerifyProgress, verify } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/digest.ts';
import { temporaryDirectory } from '../../harness/tree.ts';
import { storeSnapshot } from '../stored.ts';
import { directoryAt, fileAt } from '../trees.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = temporaryDirectory();
  root = join(folder, 'store');
});

const digest = (content: string): Digest => digestOf(Buffer.from(content));
const objectAt = (content: string, store = root) => join(store, digest(content));
/** Gives the object of a content other bytes; undefined: takes it away. */
function spoil(content: string, bytes: string | undefined, store = root): void {
  fs.rmSync(objectAt(content, store));
  if (bytes !== undefined) fs.writeFileSync(objectAt(content, store), bytes, { mode: 0o444 });
}
const segmentsOf = (store = root) => {
  const at = join(store, '.ingot/segments');
  return fs.readdirSync(at).map((name) => join(at, name));
};

/** With all that was reported. */
async function verified(options: VerifyOptions = {}) {
  const lost: LostObject[] = [];
  const snapshots: [id: string, why: string | undefined][] = [];
  const repaired: [string, string][] = [];
  const damaged: string[] = [];
  const report = await verify(root, {
    threads: 1,
    onLost: (object) => void lost.push(object),
    onDamagedSnapshot: ({ id, failure }) => void snapshots.push([id, failure.why]),
    onRepaired: (each, space) => void repaired.push([space, each]),
    onDamaged: (object) => void damaged.push(object.digest),
    ...options,
  });
  return { report, lost, snapshots, repaired, damaged };
}

const CONTENTS = ['x', 'y', 'z'];
const ENTRIES = [directoryAt('d'), fileAt('d/x', 'x'), fileAt('y', 'y'), fileAt('also y', 'y')];
const store = (entries = ENTRIES, more = {}, at = root) =>
  storeSnapshot(at, entries, { contents: CONTENTS, ...more });

const CLEAN = { damagedSnapshots: 0, missing: 0, lost: 0, damaged: 0, unrepaired: 0 };

describe('a verify', () => {
  it('of a sound store checks its snapshots and all objects', async () => {
    await store();
    await store([...ENTRIES, fileAt('z', 'z')]);
    const { report } = await verified();
    expect(report).toMatchObject({ ...CLEAN, snapshots: 2, segments: 2, checked: 3 });
  });

  it('of a store without snapshots is as ever', async () => {
    await store([]);
    fs.rmSync(join(root, '.ingot/snapshots'), { recursive: true });
    expect((await verified()).report).toMatchObject({ ...CLEAN, snapshots: 0, checked: 3 });
  });

  it('finds objects that snapshots need and that are missing, and names an entry', async () => {
    const first = await store();
    await store([...ENTRIES, fileAt('one more', 'y')]);
    spoil('y', undefined);
    spoil('z', undefined);
    const { report, lost } = await verified();
    expect(report).toMatchObject({ ...CLEAN, missing: 1, lost: 1, unrepaired: 1, gone: 0 });
    expect(lost).toEqual([
      {
        ...{ digest: digest('y'), state: 'missing', size: 1, snapshot: first },
        ...{ paths: ['also y'], others: 4 },
      },
    ]);
  });

  it('finds objects of another size, whatever the sample is', async () => {
    await store();
    spoil('x', 'longer');
    const { report, lost } = await verified({ sample: 1e-9 });
    expect(report).toMatchObject({ lost: 1, missing: 0 });
    expect(report.unrepaired).toBe(1);
    // The one object that a sample has at least may be this one, whose state is `damaged` then.
    expect(lost).toMatchObject([{ digest: digest('x'), paths: ['d/x'] }]);
    // It is one object, also where its bytes are hashed.
    expect((await verified()).report).toMatchObject({ damaged: 1, lost: 1, unrepaired: 1 });
  });

  it('says which damaged objects snapshots need, and that they are in quarantine', async () => {
    await store();
    spoil('x', 'X');
    spoil('z', 'Z');
    const first = await verified();
    expect(first.report).toMatchObject({ damaged: 2, lost: 1, unrepaired: 2 });
    expect(first.lost).toMatchObject([{ digest: digest('x'), state: 'damaged', others: 0 }]);
    spoil('y', 'longer');
    const second = await verified({ quarantine: true });
    expect(second.report).toMatchObject({ quarantined: 3, lost: 2, unrepaired: 3 });
    expect(second.lost.map(({ state }) => state)).toEqual(['quarantined', 'quarantined']);
    expect((await verified()).report).toMatchObject({ missing: 2, lost: 2, damaged: 0 });
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, 100), 'its checksum is wrong'],
    ['empty', () => Buffer.alloc(0), 'its checksum is wrong'],
    ['foreign', () => Buffer.from('hello\n'), 'its checksum is wrong'],
  ])('finds a reference that is %s, and checks the others', async (_, change, why) => {
    const first = await store();
    await store();
    const at = join(root, '.ingot/snapshots', first);
    const bytes = fs.readFileSync(at);
    fs.rmSync(at);
    fs.writeFileSync(at, change(bytes));
    const { report, snapshots } = await verified();
    expect(report).toMatchObject({ snapshots: 2, damagedSnapshots: 1, unrepaired: 0 });
    expect(snapshots).toEqual([[first, expect.stringContaining(why)]]);
  });

  it.each([
    ['missing', undefined, 'it is not in the store'],
    ['torn', '{"segment":1,"level":0}\n', 'its bytes have another digest'],
    ['huge', 'x'.repeat(2 << 20), 'it is longer than 1048576 bytes'],
  ])('finds a segment that is %s', async (_, bytes, why) => {
    const id = await store();
    const [segment] = segmentsOf();
    fs.rmSync(segment!);
    if (bytes !== undefined) fs.writeFileSync(segment!, bytes);
    const { report, snapshots } = await verified();
    expect(report).toMatchObject({ snapshots: 1, damagedSnapshots: 1, checked: 3 });
    expect(snapshots).toEqual([[id, why]]);
  });

  it('finds a tree that is not as its reference says', async () => {
    const id = await store([fileAt('d', 'x'), fileAt('y', 'y')], {
      counts: { directories: 1, files: 1, links: 0, missing: 0 },
    });
    expect((await verified()).snapshots).toEqual([[id, expect.stringContaining('1 directories')]]);
  });

  it('goes on when an entry lies about a size', async () => {
    await store([{ ...fileAt('x', 'x'), size: 7 }, fileAt('true', 'x')]);
    const { report, lost, damaged } = await verified();
    expect(damaged).toEqual([]);
    expect(report).toMatchObject({ lost: 1, unrepaired: 1 });
    expect(lost).toMatchObject([{ state: 'of another size', size: 7 }]);
  });

  it('is interrupted while it reads snapshots', async () => {
    await store();
    const stop = new AbortController();
    stop.abort();
    await expect(verified({ signal: stop.signal })).rejects.toMatchObject({
      code: 'INGOT_INTERRUPTED',
    });
  });
});

describe('a verify of one snapshot', () => {
  it('hashes what it needs alone, and names all paths that damage takes along', async () => {
    const first = await store();
    await store([fileAt('z', 'z')]);
    for (const content of CONTENTS) spoil(content, content.toUpperCase());
    const { report, lost, damaged } = await verified({ snapshot: first });
    expect(report).toMatchObject({ snapshots: 1, checked: 2, damaged: 2, lost: 2 });
    expect(damaged.sort()).toEqual([digest('x'), digest('y')].sort());
    expect(new Map(lost.map((each) => [each.digest, each.paths]))).toEqual(
      new Map([
        [digest('x'), ['d/x']],
        [digest('y'), ['also y', 'y']],
      ]),
    );
  });

  it('knows how much there is to do', async () => {
    await store();
    spoil('y', undefined);
    const shown: VerifyProgress[] = [];
    const { report } = await verified({
      snapshot: 'latest',
      onProgress: (progress) => void shown.push(progress),
    });
    expect(report).toMatchObject({ checked: 1, gone: 0, missing: 1 });
    expect(shown.at(-1)).toMatchObject({ found: 1, checked: 1, fractionDone: 1 });
  });

  it('refuses a part of one, and what is none', async () => {
    await store();
    const refusal = (snapshot: string) => verified({ snapshot });
    await expect(refusal('latest:d')).rejects.toMatchObject({ name: 'UsageError' });
    await expect(refusal('nothing')).rejects.toMatchObject({ code: 'INGOT_NO_SNAPSHOT' });
  });
});

describe('a repair', () => {
  let copy: string;
  beforeEach(() => {
    copy = join(folder, 'copy');
  });
  const state = (at: string) =>
    fs
      .readdirSync(at, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => [name, fs.statSync(join(at, name)).mtimeMs]);

  it('takes whole copies of what snapshots need, and leaves the other store as it is', async () => {
    await store();
    fs.cpSync(root, copy, { recursive: true });
    spoil('x', undefined);
    spoil('y', 'Y');
    const [segment] = segmentsOf();
    fs.rmSync(segment!);
    const before = state(copy);
    const { report, repaired, lost, snapshots } = await verified({ repairFrom: copy });
    expect(report).toMatchObject({
      ...{ ...CLEAN, damaged: 1, missing: 1, repaired: 2, repairedSegments: 1 },
    });
    expect([lost, snapshots]).toEqual([[], []]);
    expect(new Map(repaired.map(([space, each]) => [each, space]))).toEqual(
      new Map([
        [digest('x'), 'objects'],
        [digest('y'), 'objects'],
        [segment!.slice(-64), 'segments'],
      ]),
    );
    expect(state(copy)).toEqual(before);
    const again = (await verified()).report;
    expect(again).toMatchObject({ ...CLEAN, checked: 3, snapshots: 1 });
    expect(fs.statSync(objectAt('y')).mode & 0o777).toBe(0o444);
  });

  it('repairs an object of another size, a damaged segment, and one in quarantine', async () => {
    await store();
    fs.cpSync(root, copy, { recursive: true });
    spoil('x', 'longer');
    spoil('y', 'Y');
    fs.chmodSync(segmentsOf()[0]!, 0o644);
    fs.writeFileSync(segmentsOf()[0]!, 'torn');
    const { report } = await verified({ repairFrom: copy, quarantine: true });
    expect(report).toMatchObject({
      repaired: 2,
      repairedSegments: 1,
      quarantined: 1,
      unrepaired: 0,
    });
    expect((await verified()).report).toMatchObject({ ...CLEAN, checked: 3 });
  });

  it('repairs large objects and many', async () => {
    const contents = Array.from({ length: 300 }, (_, n) => `content ${n}`);
    contents.push('large'.repeat(500_000));
    const entries = contents.map((content, n) => fileAt(`f${n}`, content));
    await store(entries, { contents });
    fs.cpSync(root, copy, { recursive: true });
    for (const content of contents) spoil(content, undefined);
    const { report } = await verified({ repairFrom: copy });
    expect(report).toMatchObject({ missing: 301, repaired: 301, lost: 0, checked: 301 });
  });

  it('takes no copy that is damaged, and says what is lost still', async () => {
    await store();
    fs.cpSync(root, copy, { recursive: true });
    for (const content of ['x', 'y']) spoil(content, undefined);
    spoil('x', 'X', copy);
    spoil('y', undefined, copy);
    const { report, lost, repaired } = await verified({ repairFrom: copy });
    expect(report).toMatchObject({ missing: 2, repaired: 0, lost: 2, unrepaired: 2 });
    expect([lost.length, repaired]).toEqual([2, []]);
    for (const content of ['x', 'y']) expect(fs.existsSync(objectAt(content))).toBe(false);
    expect(fs.readdirSync(root).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  });

  it('takes no segment that is damaged', async () => {
    await store();
    fs.cpSync(root, copy, { recursive: true });
    for (const at of [root, copy]) {
      fs.chmodSync(segmentsOf(at)[0]!, 0o644);
      fs.writeFileSync(segmentsOf(at)[0]!, `torn ${at}`);
    }
    const { report } = await verified({ repairFrom: copy });
    expect(report).toMatchObject({ damagedSnapshots: 1, repairedSegments: 0 });
  });

  it('leaves what no snapshot needs', async () => {
    await store();
    fs.cpSync(root, copy, { recursive: true });
    spoil('z', 'Z');
    const { report } = await verified({ repairFrom: copy });
    expect(report).toMatchObject({ damaged: 1, repaired: 0, lost: 0, unrepaired: 1 });
  });

  it.each(['.', 'link', '../store'])('is refused from the same store: %s', async (path) => {
    await store();
    fs.symlinkSync('store', join(folder, 'link'));
    const repairFrom = path === 'link' ? join(folder, 'link') : join(root, path);
    await expect(verified({ repairFrom })).rejects.toMatchObject({
      name: 'UsageError',
      what: 'cannot repair a store from itself',
    });
  });

  it('is interrupted, leaves nothing half done, and is done by the next one', async () => {
    const large = 'large'.repeat(200_000);
    await store([fileAt('f', large)], { contents: [large] });
    fs.cpSync(root, copy, { recursive: true });
    spoil(large, undefined);
    const stop = new AbortController();
    const options = { repairFrom: copy, signal: stop.signal };
    const reading = verified(options);
    setImmediate(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
    expect(fs.existsSync(objectAt(large))).toBe(false);
    expect(fs.readdirSync(root).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
    expect((await verified({ repairFrom: copy })).report).toMatchObject({ repaired: 1, lost: 0 });
  });

  it('is refused from what is no store', async () => {
    await store();
    await expect(verified({ repairFrom: copy })).rejects.toMatchObject({ code: 'INGOT_NO_STORE' });
  });
});
