import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import ignore from 'ignore';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Entry } from '../../src/snapshot/entry.ts';
import { type Found, find } from '../../src/snapshot/find.ts';
import { snapshots } from '../../src/snapshot/snapshot.ts';
import { tempStore } from '../harness/temp-store.ts';
import { storeSnapshot } from './stored.ts';
import { all, directoryAt, fileAt, numbered, sorted } from './trees.ts';

afterEach(() => vi.restoreAllMocks());

const LARGE: readonly Entry[] = sorted(
  ['a', 'b', 'c'].flatMap((name) => [directoryAt(name), ...numbered(name, 3_000)]),
);
/** The same but for one file, and with a directory that shares the segments of another one. */
const EDITED: readonly Entry[] = sorted([
  ...LARGE.map((entry) => (entry.path === 'b/file-01500' ? fileAt(entry.path, 'new') : entry)),
  directoryAt('d'),
  ...numbered('a', 3_000).map((entry) => ({ ...entry, path: entry.path.replace('a', 'd') })),
] as Entry[]);

const pathsOf = (found: readonly Found[]) =>
  found.map(({ snapshot, entry }) => [snapshot.id, entry.path]);

/** How many segments are opened meanwhile. */
async function countingSegments<T>(work: () => Promise<T>): Promise<[T, number]> {
  const spy = vi.spyOn(fs, 'openSync');
  const result = await work();
  const opened = spy.mock.calls.filter(([path]) => String(path).includes('/segments/')).length;
  spy.mockRestore();
  return [result, opened];
}

describe('a search of all snapshots', () => {
  it('finds what each has, and opens what they share once', async () => {
    const root = tempStore();
    const ids: string[] = [];
    for (const entries of [LARGE, EDITED, LARGE]) ids.push(await storeSnapshot(root, entries));
    const segments = fs.readdirSync(join(root, '.ingot/segments')).length;
    for (const pattern of ['*-01500', 'nothing', 'b/file-0150*']) {
      const [found, opened] = await countingSegments(() => all(find(root, pattern)));
      const expected = [LARGE, EDITED, LARGE].flatMap((entries, at) =>
        entries.filter(({ path }) => matches(pattern, path)).map(({ path }) => [ids[at], path]),
      );
      expect(pathsOf(found)).toEqual(expected);
      // One directory has the segments of another: they have other paths there.
      expect(opened).toBeLessThan(1.6 * segments);
      expect(opened).toBeGreaterThan(segments / 2);
    }
  });

  it('finds as much when there is more than it remembers', async () => {
    const root = tempStore();
    for (const entries of [LARGE, EDITED]) await storeSnapshot(root, entries);
    expect((await all(find(root, 'file-*'))).length).toBe(3 * 3_000 + 4 * 3_000);
  });

  it('finds in a part of a snapshot what lies there, also after the whole was searched', async () => {
    const root = tempStore();
    const id = await storeSnapshot(root, LARGE);
    const found = await all(find(root, '*', { snapshots: ['latest', 'latest:b', 'latest:b'] }));
    const below = LARGE.filter(({ path }) => path === 'b' || path.startsWith('b/'));
    expect(pathsOf(found)).toEqual([...LARGE, ...below, ...below].map(({ path }) => [id, path]));
  });

  it('names a snapshot that it cannot read, and goes on', async () => {
    const root = tempStore();
    await storeSnapshot(root, LARGE);
    const { snapshots: before } = await snapshots(root);
    await storeSnapshot(root, [fileAt('file-1')]);
    fs.rmSync(join(root, '.ingot/segments', before[0]!.root.digest));
    const damaged: string[] = [];
    const found = find(root, 'file-1', { onDamaged: ({ id }) => damaged.push(id) });
    expect((await all(found)).length).toBe(1);
    expect(damaged).toEqual([before[0]!.id]);
    await expect(all(find(root, 'file-1'))).rejects.toThrow('is damaged: it is not in the store');
  });

  it('ends when it is told to', async () => {
    const root = tempStore();
    await storeSnapshot(root, LARGE);
    const signal = AbortSignal.abort(new Error('enough'));
    vi.spyOn(performance, 'now').mockImplementation(() => Date.now() * 1_000);
    await expect(all(find(root, 'nothing', { signal }))).rejects.toThrow('enough');
  });
});

/** As git has it. */
function matches(pattern: string, path: string): boolean {
  return ignore().add(pattern).ignores(path);
}

it('a pattern means what it means to git, about the very entry', async () => {
  const root = tempStore();
  const paths = ['a', 'a/b', 'a/b.c', 'a/[x]', 'a/!y', '#z', '!a', 'end ', 'B', 'x/a', 'x/a/b'];
  const entries = ['x', 'a', 'x/a'].map(directoryAt);
  const there = new Set(entries.map(({ path }) => path));
  const tree = [
    ...entries,
    ...paths.filter((path) => !there.has(path)).map((path) => fileAt(path)),
  ];
  await storeSnapshot(root, tree);
  const found = async (pattern: string) =>
    (await all(find(root, pattern))).map(({ entry }) => entry.path);
  const cases: [string, string[]][] = [
    ['a', ['a', 'x/a']],
    ['a/', ['a', 'x/a']],
    ['/a', ['a']],
    ['b*', ['a/b', 'a/b.c', 'x/a/b']],
    ['a/b', ['a/b']],
    ['**/b', ['a/b', 'x/a/b']],
    ['a/**', ['a/[x]', 'a/b', 'a/b.c', 'a/!y']],
    ['[B-C]', ['B']],
    ['\\[x\\]', ['a/[x]']],
    ['#z', ['#z']],
    ['!a', ['!a']],
    ['!*', ['!a', 'a/!y']],
    ['end ', ['end ']],
    ['?', ['a', 'B', 'a/b', 'x', 'x/a', 'x/a/b']],
  ];
  for (const [pattern, expected] of cases)
    expect((await found(pattern)).sort(), pattern).toEqual([...expected].sort());
});

it('any text is a pattern, or is refused in one line', async () => {
  const root = tempStore();
  await storeSnapshot(root, [directoryAt('a'), fileAt('a/b')]);
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      async (pattern) => {
        try {
          for await (const { entry } of find(root, pattern))
            expect(['a', 'a/b']).toContain(entry.path);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INGOT_BAD_PATTERN' });
          expect(String(error)).not.toContain('\n');
        }
      },
    ),
  );
});
