/** What is removed of a source is what the snapshot has, whatever becomes of it meanwhile. */

import fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { untilCertain } from '../../../harness/until-certain.ts';
import { overwriteQuietly, replaceQuietly } from '../../again.ts';
import {
  contentsOf,
  errnoError,
  ingested,
  type RemovalOptions,
  type Removed,
  untilNextTick,
  type Watch,
} from './removing.ts';

const parent = fs.existsSync('/dev/shm') ? '/dev/shm' : '/tmp';
const all = fs.mkdtempSync(join(parent, 'ingot-test-'));
afterAll(() => fs.rmSync(all, { recursive: true, force: true }));

/** `d/f` is the one that things happen to. */
function makeSource(source: string): void {
  fs.mkdirSync(join(source, 'd/e'), { recursive: true });
  fs.mkdirSync(join(source, 'l'));
  for (const path of ['a', 'd/f', 'd/e/g', 'z']) fs.writeFileSync(join(source, path), `in ${path}`);
  fs.symlinkSync('nowhere', join(source, 'd/link'));
  fs.writeFileSync(join(source, 'l/1'), 'linked');
  // To the second, so that they can be set back.
  for (const path of ['a', 'd/f', 'd/e/g', 'z', 'l/1']) fs.utimesSync(join(source, path), 1e9, 1e9);
  fs.linkSync(join(source, 'l/1'), join(source, 'd/2'));
  fs.linkSync(join(source, 'l/1'), join(source, 'l/3'));
}

interface Case {
  /** Between the ingest and the removal. */
  readonly before?: (source: string) => void;
  /** Before a call of the removal, the first one with this name. */
  readonly on?: readonly [call: string, name: string | RegExp];
  readonly act?: (source: string) => void;
  readonly options?: RemovalOptions;
  readonly stays?: Readonly<Record<string, string>>;
  /** All that is left. Default: nothing. */
  readonly left?: Readonly<Record<string, string>>;
  readonly report?: Partial<Removed>;
  /** A directory beside all sources, and what has to be in it. */
  readonly elsewhere?: readonly [name: string, contents: Readonly<Record<string, string>>];
}

const CONTENT = 'in d/f';
const ASIDE = /^\.ingot-removed-[0-9a-f]{16}$/;
const at = (path: string) => (source: string) => join(source, path);
const f = at('d/f');
const LINKED = { 'd/2': 'linked', 'l/1': 'linked', 'l/3': 'linked' };

const CASES: Readonly<Record<string, Case>> = {
  'nothing at all': { report: { files: 7, links: 1, directories: 3, gone: 0, notEmpty: 0 } },
  'nothing, without RENAME_NOREPLACE': {
    options: { withoutRenameNew: true },
    report: { files: 7, links: 1, directories: 3 },
  },
  'a file appended to': {
    before: (source) => fs.appendFileSync(f(source), '!'),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'in d/f!' },
  },
  'a file overwritten, its size and mtime kept': {
    before: (source) => overwriteQuietly(f(source), Buffer.from('IN d/f')),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'IN d/f' },
  },
  'a file replaced, size and mtime kept': {
    before: (source) => replaceQuietly(f(source), Buffer.from('IN d/f')),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'IN d/f' },
  },
  'the mode of a file': {
    before: (source) => fs.chmodSync(f(source), 0o640),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'in d/f' },
  },
  'two files swapped': {
    before: (source) => {
      fs.renameSync(f(source), join(source, 'x'));
      fs.renameSync(join(source, 'z'), f(source));
      fs.renameSync(join(source, 'x'), join(source, 'z'));
    },
    stays: { 'd/f': 'changed', z: 'changed' },
    left: { 'd/f': 'in z', z: 'in d/f' },
  },
  'a file that has gone': {
    before: (source) => fs.rmSync(f(source)),
    report: { files: 6, gone: 1 },
  },
  'a file that is a link by now': {
    before: (source) => {
      fs.renameSync(f(source), join(all, 'kept'));
      fs.symlinkSync(join(all, 'kept'), f(source));
    },
    stays: { 'd/f': 'changed' },
    left: { 'd/f': `-> ${join(all, 'kept')}` },
  },
  'a file that is a directory by now': {
    before: (source) => {
      fs.rmSync(f(source));
      fs.mkdirSync(f(source));
      fs.writeFileSync(join(f(source), 'in'), 'new');
    },
    stays: { 'd/f': 'changed' },
    left: { 'd/f/in': 'new' },
  },
  'a link that leads elsewhere': {
    before: (source) => {
      fs.rmSync(join(source, 'd/link'));
      fs.symlinkSync('nowhexx', join(source, 'd/link'));
    },
    stays: { 'd/link': 'changed' },
    left: { 'd/link': '-> nowhexx' },
  },
  'a directory that a link leads to by now': {
    before: (source) => {
      fs.renameSync(join(source, 'd'), join(all, 'elsewhere'));
      fs.symlinkSync(join(all, 'elsewhere'), join(source, 'd'));
    },
    stays: {
      ...{ d: 'changed', 'd/2': 'changed', 'd/e': 'changed', 'd/e/g': 'changed' },
      ...{ 'd/f': 'changed', 'd/link': 'changed', 'l/1': 'linked', 'l/3': 'linked' },
    },
    left: { d: `-> ${join(all, 'elsewhere')}`, 'l/1': 'linked', 'l/3': 'linked' },
    elsewhere: ['elsewhere', { '2': 'linked', 'e/g': 'in d/e/g', f: 'in d/f', link: '-> nowhere' }],
  },
  'a directory with another mode': {
    before: (source) => fs.chmodSync(join(source, 'd/e'), 0o700),
    stays: { 'd/e': 'changed' },
    report: { directories: 1, notEmpty: 1 },
  },
  'a new file': {
    before: (source) => fs.writeFileSync(join(source, 'd/e/new'), 'new'),
    left: { 'd/e/new': 'new' },
    report: { directories: 1, notEmpty: 2 },
  },
  'a new file in the place of a directory': {
    before: (source) => {
      fs.rmSync(join(source, 'd/e'), { recursive: true });
      fs.writeFileSync(join(source, 'd/e'), 'new');
    },
    stays: { 'd/e': 'changed', 'd/e/g': 'changed' },
    left: { 'd/e': 'new' },
  },
  'all of it': { before: (source) => fs.rmSync(source, { recursive: true }), report: { gone: 11 } },

  // Hard links.
  'a name of a hard link overwritten quietly': {
    before: (source) => overwriteQuietly(join(source, 'd/2'), Buffer.from('LINKED')),
    stays: { 'd/2': 'changed', 'l/1': 'changed', 'l/3': 'changed' },
    left: { 'd/2': 'LINKED', 'l/1': 'LINKED', 'l/3': 'LINKED' },
  },
  'a name of a hard link in a directory that has become a link': {
    before: (source) => {
      fs.renameSync(join(source, 'l'), join(all, 'links'));
      fs.symlinkSync(join(all, 'links'), join(source, 'l'));
    },
    stays: { 'd/2': 'linked', l: 'changed', 'l/1': 'changed', 'l/3': 'changed' },
    left: { 'd/2': 'linked', l: `-> ${join(all, 'links')}` },
    elsewhere: ['links', { '1': 'linked', '3': 'linked' }],
  },
  'a file overwritten quietly when the first of its names has gone': {
    on: ['look', '1'],
    act: (source) => {
      // The second look at it: the first is when all are judged.
      if (fs.existsSync(join(source, 'd/2'))) return;
      untilNextTick();
      overwriteQuietly(join(source, 'l/1'), Buffer.from('LINKED'));
    },
    stays: { 'l/1': 'changed', 'l/3': 'linked' },
    left: { 'l/1': 'LINKED', 'l/3': 'LINKED' },
  },
  'a name replaced when the first has gone': {
    on: ['renameNew', '1'],
    act: (source) => replaceQuietly(join(source, 'l/1'), Buffer.from('LINKED')),
    stays: { 'l/1': 'changed', 'l/3': 'linked' },
    left: { 'l/1': 'LINKED', 'l/3': 'linked' },
  },

  // In the moment of the removal.
  'a file replaced between look and rename': {
    on: ['renameNew', 'f'],
    act: (source) => replaceQuietly(f(source), Buffer.from('IN d/f')),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'IN d/f' },
  },
  'a file replaced there, without RENAME_NOREPLACE': {
    on: ['rename', 'f'],
    act: (source) => replaceQuietly(f(source), Buffer.from('IN d/f')),
    options: { withoutRenameNew: true },
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'IN d/f' },
  },
  'a file appended to between look and rename': {
    on: ['renameNew', 'f'],
    act: (source) => fs.appendFileSync(f(source), '!'),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'in d/f!' },
  },
  'a file with another mode between look and rename': {
    on: ['renameNew', 'f'],
    act: (source) => fs.chmodSync(f(source), 0o604),
    stays: { 'd/f': 'changed' },
    left: { 'd/f': 'in d/f' },
  },
  'a directory in its place between look and rename': {
    on: ['renameNew', 'f'],
    act: (source) => {
      fs.rmSync(f(source));
      fs.mkdirSync(f(source));
      fs.writeFileSync(join(f(source), 'in'), 'new');
    },
    stays: { 'd/f': 'changed' },
    left: { 'd/f/in': 'new' },
  },
  'a file that goes between look and rename': {
    on: ['renameNew', 'f'],
    act: (source) => fs.rmSync(f(source)),
    report: { gone: 1 },
  },
};

/** A new file takes the name that one aside is to get back. */
const takeName = (source: string) => {
  const [aside] = fs.readdirSync(join(source, 'd')).filter((name) => ASIDE.test(name));
  fs.appendFileSync(join(source, 'd', aside!), '!');
  fs.writeFileSync(f(source), 'new');
};

const places = new Map<string, string>();
const FAULTS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EIO', 'EBUSY'];
const CALLS = ['look', 'renameNew', 'unlink', 'look aside'] as const;
const OTHERS = [
  'name taken',
  'name taken, no NOREPLACE',
  'no way back',
  'interrupted',
  'directory',
];

beforeAll(async () => {
  const names = [
    ...Object.keys(CASES),
    ...OTHERS,
    ...FAULTS.flatMap((code) => CALLS.map((c) => code + c)),
  ];
  for (const [n, name] of [...names, ...CALLS.map((call) => `ENOENT${call}`)].entries()) {
    makeSource(join(all, `${n}`, 'source'));
    places.set(name, join(all, `${n}`));
  }
  await untilCertain();
});

async function prepared(name: string) {
  const place = places.get(name)!;
  const source = join(place, 'source');
  return { source, remove: await ingested(join(place, 'store'), source) };
}

describe('a removal finds', () => {
  test.each(Object.entries(CASES))('%s', async (name, theCase) => {
    const { before, on, act, options, stays = {}, left = {}, report = {} } = theCase;
    const { source, remove } = await prepared(name);
    before?.(source);
    let isDone = false;
    const watch: Watch = (call, of) => {
      if (isDone || on === undefined || call !== on[0] || of !== on[1]) return;
      const was = fs.existsSync(join(source, 'd/2'));
      act!(source);
      isDone = call !== 'look' || !was;
    };
    const removed = await remove(watch, options);
    expect(removed.stays).toEqual(stays);
    expect(fs.existsSync(source) ? contentsOf(source) : {}).toEqual(left);
    expect(removed).toMatchObject(report);
    const { elsewhere } = theCase;
    if (elsewhere !== undefined) expect(contentsOf(join(all, elsewhere[0]))).toEqual(elsewhere[1]);
    if (on !== undefined) expect(isDone).toBe(true);
  });
});

describe('a file that lies aside and has changed', () => {
  it.each([
    ['name taken', false],
    ['name taken, no NOREPLACE', true],
  ])('stays there when its %s', async (name, withoutRenameNew) => {
    const { source, remove } = await prepared(name);
    let asideOfF = '';
    const removed = await remove(
      (call, of) => {
        const isF = fs.existsSync(join(source, 'd')) && !fs.existsSync(f(source));
        if (call !== 'look' || !ASIDE.test(of) || !isF || asideOfF !== '') return;
        if (!fs.existsSync(join(source, 'd', of))) return;
        if (fs.readFileSync(join(source, 'd', of), 'utf8') !== CONTENT) return;
        asideOfF = of;
        takeName(source);
      },
      { withoutRenameNew },
    );
    expect(removed.stays).toEqual({ 'd/f': 'changed' });
    expect(removed.entries[0]!.failure.why).toContain(asideOfF);
    expect(contentsOf(source)).toEqual({ 'd/f': 'new', [`d/${asideOfF}`]: 'in d/f!' });
  });

  it('stays there when no call gives its name back', async () => {
    const { source, remove } = await prepared('no way back');
    const removed = await remove((call, of) => {
      if (call === 'unlink' && holds(source, of, CONTENT)) throw errnoError('EIO');
      if (call === 'renameNew' && ASIDE.test(of)) throw errnoError('EIO');
    });
    expect(removed.stays).toEqual({ 'd/f': 'EIO' });
    expect(Object.values(contentsOf(source))).toEqual(['in d/f']);
    expect(removed.entries[0]!.failure.why).toContain(Object.keys(contentsOf(source))[0]!.slice(2));
  });
});

/** A name in `d` has this content. */
function holds(source: string, name: string, content: string): boolean {
  const path = join(source, 'd', name);
  return fs.existsSync(path) && fs.readFileSync(path, 'utf8') === content;
}

describe.each(CALLS)('when the call fails: %s', (call) => {
  /** In the place of the call for `d/f`. */
  const failing =
    (source: string, code: string): Watch =>
    (made, of) => {
      const isAside = ASIDE.test(of);
      if (isAside && !holds(source, of, CONTENT)) return;
      if (!isAside && of !== 'f') return;
      const name = made === 'look' && isAside ? 'look aside' : made;
      if (name === call && (isAside || call !== 'unlink')) {
        if (!(name === 'renameNew' && isAside)) throw errnoError(code);
      }
    };

  it.each(FAULTS)('%s, the file stays, and all else goes', async (code) => {
    const { source, remove } = await prepared(code + call);
    const removed = await remove(failing(source, code));
    expect(removed.stays).toEqual({ 'd/f': code });
    expect(contentsOf(source)).toEqual({ 'd/f': 'in d/f' });
    expect(removed).toMatchObject({ files: 6, links: 1, directories: 2, notEmpty: 1 });
  });

  it('ENOENT, somebody else has removed it', async () => {
    const { source, remove } = await prepared(`ENOENT${call}`);
    const removed = await remove(failing(source, 'ENOENT'));
    expect(removed).toMatchObject({ stays: {}, gone: 1, files: 6 });
  });
});

it('a directory that cannot be removed stays, and all else goes', async () => {
  const { source, remove } = await prepared('directory');
  const removed = await remove((call, of) => {
    if (call === 'removeDirectory' && of === 'e') throw errnoError('EACCES');
  });
  expect(removed.stays).toEqual({ 'd/e': 'EACCES' });
  expect(fs.readdirSync(source, { recursive: true })).toEqual(['d', 'd/e']);
});

it('an abort is heard between two entries', async () => {
  const { source, remove } = await prepared('interrupted');
  const controller = new AbortController();
  const onEntry = (entry: { readonly path: string }) => {
    if (entry.path !== 'd/f') return;
    controller.abort();
    // Longer than a loop may hold the event loop.
    const until = performance.now() + 60;
    while (performance.now() < until);
  };
  const removal = remove(undefined, { signal: controller.signal, onEntry });
  await expect(removal).rejects.toThrow(controller.signal.reason);
  expect(contentsOf(source)).toEqual({ ...LINKED, 'd/link': '-> nowhere', z: 'in z' });
});
