/** Snapshots that are let go, and brought back. */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { nodeFileOps } from '../../../src/files/file-ops.ts';
import { forgetIn, forgottenSnapshots, unforgetIn } from '../../../src/snapshot/forget/forget.ts';
import { openSnapshot, snapshots } from '../../../src/snapshot/snapshot.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import { removeUnderLock } from '../../../src/store/local/upkeep/remove-under-lock.ts';
import type { Engine } from '../../../src/store/seam/engine.ts';
import type { MainHalf } from '../../../src/store/seam/write.ts';
import { Store } from '../../../src/store/store.ts';
import { storeOfFormat } from '../../harness/formats.ts';
import { errno, recordingOps } from '../../harness/temp-store.ts';
import { storeSnapshot } from '../stored.ts';
import { directoryAt, fileAt } from '../trees.ts';

let root: string;
let [first, second] = ['', ''];
beforeEach(async () => {
  root = storeOfFormat(2);
  const old = [directoryAt('d'), fileAt('d/f', 'shared'), fileAt('x', 'old')];
  first = await storeSnapshot(root, old, { label: 'nightly', contents: ['shared', 'old'] });
  second = await storeSnapshot(root, old.slice(0, 2), { label: 'nightly', contents: ['shared'] });
});

const forget = (...names: string[]) => forgetIn(new LocalEngine(root), { snapshots: names });
const unforget = (...names: string[]) => unforgetIn(new LocalEngine(root), names);
const listed = async () => (await snapshots(root)).snapshots.map(({ id }) => id);
const forgotten = async () => (await forgottenSnapshots(root)).snapshots.map(({ id }) => id);
const objectAt = (content: string) => join(root, digestOf(Buffer.from(content)));

describe('a snapshot that is forgotten', () => {
  it('is listed no more, and not found by any name', async () => {
    const { snapshots: fates } = await forget('nightly~1');
    expect(fates).toMatchObject([{ id: first, outcome: 'forgotten', why: ['named'] }]);
    expect(await listed()).toEqual([second]);
    expect(await forgotten()).toEqual([first]);
    await expect(openSnapshot(root, first)).rejects.toThrow('no such snapshot');
    await expect(openSnapshot(root, 'nightly~1')).rejects.toThrow('there are only 1');
  });

  it('loses nothing, and comes back whole', async () => {
    await forget(first, second);
    expect(await listed()).toEqual([]);
    expect((await unforget('latest', first)).map(({ id }) => id)).toEqual([second, first]);
    expect(await listed()).toEqual([first, second]);
    expect(await forgotten()).toEqual([]);
    expect(fs.existsSync(objectAt('old'))).toBe(true);
  });

  it('may be forgotten again', async () => {
    await forget(first);
    expect((await forget(first, second)).snapshots.map(({ outcome }) => outcome)).toEqual([
      'forgotten already',
      'forgotten',
    ]);
    expect((await forgotten()).length).toBe(2);
  });

  it('is not brought back by the name of one that is there', async () => {
    await expect(unforget(first)).rejects.toMatchObject({ code: 'INGOT_NO_SNAPSHOT' });
    await forget(second);
    await expect(unforget(first)).rejects.toMatchObject({ code: 'INGOT_NO_SNAPSHOT' });
  });
});

it('comes back from a store where some objects were stored without a flush', async () => {
  await forget(first);
  const store = await Store.open(root, { durability: 'none' });
  await store.put(Buffer.from('another'));
  await store.close();
  expect(fs.readdirSync(join(root, '.ingot/unflushed')).length).toBe(1);
  await unforget(first);
  expect(await listed()).toEqual([first, second]);
});

it('a name that means none forgets none of the others', async () => {
  await expect(forget(first, 'nope')).rejects.toThrow('no such snapshot: nope');
  await expect(forget(`${first}:d`)).rejects.toThrow('cannot forget a part');
  expect(await listed()).toEqual([first, second]);
});

it('a dry run says the same and does nothing', async () => {
  const { snapshots: fates } = await forgetIn(new LocalEngine(root), { keepLast: 1, dryRun: true });
  expect(fates.map(({ id, outcome }) => [id, outcome])).toEqual([
    [first, 'forgotten'],
    [second, 'kept'],
  ]);
  expect(await listed()).toEqual([first, second]);
  expect(fs.existsSync(join(root, '.ingot/forgotten'))).toBe(false);
});

it('a policy leaves one that is damaged, and its name forgets it', async () => {
  const path = join(root, '.ingot/snapshots', first);
  const bytes = fs.readFileSync(path);
  fs.rmSync(path);
  fs.writeFileSync(path, bytes.subarray(1));
  const { damaged } = await forgetIn(new LocalEngine(root), { keepLast: 1 });
  expect(damaged.map(({ id }) => id)).toEqual([first]);
  expect(fs.existsSync(path)).toBe(true);
  await forget(first);
  expect(fs.existsSync(path)).toBe(false);
  expect((await snapshots(root)).damaged).toEqual([]);
});

it('one of a newer ingot is not forgotten', async () => {
  const path = join(root, '.ingot/snapshots', first);
  const [line] = fs.readFileSync(path, 'utf8').split('\n');
  const newer = `${line!.replace('"snapshot":1', '"snapshot":2')}\n`;
  fs.rmSync(path);
  fs.writeFileSync(path, `${newer}{"sha256":"${digestOf(Buffer.from(newer))}"}\n`);
  await expect(forget(first)).rejects.toMatchObject({ code: 'INGOT_NEWER_FORMAT' });
  expect(fs.existsSync(path)).toBe(true);
});

it('a policy is applied again where a snapshot has come before it is carried out', async () => {
  let third = '';
  const engine = overtaken(async (time) => {
    if (time > 1) return;
    await forget(second);
    third = await storeSnapshot(root, [directoryAt('d')], { label: 'nightly' });
  });
  const { snapshots: fates } = await forgetIn(engine, { keepLast: 1 });
  expect(fates.map(({ id, outcome }) => [id, outcome])).toEqual([
    [first, 'forgotten'],
    [third, 'kept'],
  ]);
  expect(await listed()).toEqual([third]);
});

describe('what has gone', () => {
  const remove = (path: string) => removeUnderLock(root, () => fs.rmSync(path), { ops });
  const ops = nodeFileOps;

  it.each([
    ['an object', () => objectAt('old')],
    [
      'a segment',
      () => {
        const folder = join(root, '.ingot/segments');
        const path = join(root, '.ingot/forgotten', first);
        const name = fs.readdirSync(folder).find((each) => fs.readFileSync(path).includes(each));
        return join(folder, name!);
      },
    ],
  ])('keeps a snapshot from being brought back: %s', async (_, path) => {
    await forget(first, second);
    await remove(path());
    await expect(unforget(first)).rejects.toMatchObject({ code: 'INGOT_OBJECT_GONE', path: first });
    expect(await forgotten()).toEqual([first, second]);
    await unforget(second);
  });

  it('is looked for again where names go after the first look', async () => {
    await forget(first);
    const engine = overtaken((time) => (time === 2 ? remove(objectAt('old')) : undefined));
    await expect(unforgetIn(engine, [first])).rejects.toMatchObject({ code: 'INGOT_OBJECT_GONE' });
    expect(await listed()).toEqual([second]);
  });
});

/** An engine that lets somebody else come first, each time when it is about to hold names. */
function overtaken(meddle: (time: number) => unknown): Engine {
  const engine = new LocalEngine(root);
  let time = 0;
  const after = <T extends Pick<MainHalf, 'hold'>>(holder: T): T => {
    const hold = holder.hold.bind(holder);
    holder.hold = async (signal) => {
      await meddle(++time);
      return hold(signal);
    };
    return holder;
  };
  const { openForgetting, openWriter } = engine;
  engine.openForgetting = async () => after(await openForgetting.call(engine));
  engine.openWriter = async (options) => after(await openWriter.call(engine, options));
  return engine;
}

describe('on the disk', () => {
  it.each(['forget', 'unforget'] as const)(
    '%s flushes both folders, the new names first, before it lets others take names',
    async (how) => {
      if (how === 'unforget') await forget(first);
      const { ops, calls } = recordingOps();
      const engine = new LocalEngine(root, ops);
      if (how === 'forget') await forgetIn(engine, { snapshots: [first] });
      else await unforgetIn(engine, [first]);
      const done = calls
        .filter(({ name }) => ['renameSync', 'fsyncSync', 'closeSync'].includes(name))
        .map(({ name, path }) => `${name} ${path.replace(`${join(root, '.ingot')}/`, '')}`)
        .filter((call) => !call.startsWith('closeSync') || call === 'closeSync lock');
      const [from, to] = how === 'forget' ? ['snapshots', 'forgotten'] : ['forgotten', 'snapshots'];
      expect(done.slice(-4)).toEqual([
        `renameSync ${from}/${first}`,
        `fsyncSync ${to}`,
        `fsyncSync ${from}`,
        'closeSync lock',
      ]);
    },
  );

  it('what is brought back is durable before: somebody else may have stored it a moment ago', async () => {
    await forget(first);
    const { ops, calls } = recordingOps();
    await unforgetIn(new LocalEngine(root, ops), [first]);
    const at = (name: string, path: string) =>
      calls.findLastIndex((call) => call.name === name && call.path === path);
    const moved = at('renameSync', join(root, '.ingot/forgotten', first));
    for (const folder of [root, join(root, '.ingot/segments')]) {
      // The flush of what look-ups have found; another one comes before the look.
      const flushed = at('fsync', folder);
      expect(flushed).toBeGreaterThan(0);
      expect(flushed).toBeLessThan(moved);
    }
  });

  it('a run after one that was killed before its flush flushes both', async () => {
    fs.mkdirSync(join(root, '.ingot/forgotten'), { mode: 0o700 });
    fs.renameSync(join(root, '.ingot/snapshots', first), join(root, '.ingot/forgotten', first));
    const { ops, count } = recordingOps();
    await forgetIn(new LocalEngine(root, ops), { snapshots: [first] });
    expect(count('fsyncSync', /forgotten$/)).toBe(1);
    expect(count('fsyncSync', /snapshots$/)).toBe(1);
  });

  it('a folder that is made is durable itself', async () => {
    const { ops, calls } = recordingOps();
    await forgetIn(new LocalEngine(root, ops), { snapshots: [first] });
    const made = calls.findIndex(({ name }) => name === 'mkdirSync');
    const flushed = calls.findIndex(
      ({ name, path }) => name === 'fsyncSync' && path === join(root, '.ingot'),
    );
    expect(dirname(calls[made]!.path)).toBe(join(root, '.ingot'));
    expect(flushed).toBeGreaterThan(made);
  });

  it.each([
    ['EIO', 'fsyncSync', /forgotten$/, 'flush'],
    ['ENOSPC', 'mkdirSync', /forgotten$/, 'full'],
    ['EACCES', 'renameSync', /./, 'denied'],
    ['EROFS', 'renameSync', /./, 'denied'],
  ] as const)('%s is one line, and holds nothing', async (code, call, path, kind) => {
    const fault = recordingOps(({ name, path: at }) =>
      name === call && path.test(at)
        ? errno(code, name === 'fsyncSync' ? 'fsync' : 'rename')
        : undefined,
    );
    const failing = forgetIn(new LocalEngine(root, fault.ops), { snapshots: [first] });
    await expect(failing).rejects.toMatchObject({ code, kind, what: 'cannot forget a snapshot' });
    await removeUnderLock(root, () => {}, { ops: nodeFileOps, signal: AbortSignal.timeout(2000) });
  });

  it('a link in place of the folder is refused', async () => {
    fs.symlinkSync('/tmp', join(root, '.ingot/forgotten'));
    await expect(forget(first)).rejects.toMatchObject({ code: 'INGOT_BAD_METADATA' });
    expect(await listed()).toEqual([first, second]);
  });
});

it('waiting ends with the reason of the signal', async () => {
  let end = () => {};
  const removing = removeUnderLock(root, () => new Promise<void>((done) => (end = done)), {
    ops: nodeFileOps,
  });
  const signal = AbortSignal.timeout(100);
  const waiting = forgetIn(new LocalEngine(root), { snapshots: [first], signal });
  await expect(waiting).rejects.toThrow(/timeout/i);
  end();
  await removing;
  expect(await listed()).toEqual([first, second]);
});
