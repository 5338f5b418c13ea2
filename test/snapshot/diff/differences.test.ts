import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { type Entry, keyOfEntry } from '../../../src/snapshot/entry.ts';
import { TreeReader } from '../../../src/snapshot/tree-reader.ts';
import {
  all,
  anyTree,
  differencesOf,
  directoryAt,
  fileAt,
  MemorySegments,
  numbered,
  sorted,
  writeTree,
} from '../trees.ts';

async function diff(before: readonly Entry[], after: readonly Entry[]) {
  const segments = new MemorySegments();
  const [a, b] = [await writeTree(before, segments), await writeTree(after, segments)];
  const found = await all(differencesOf(new TreeReader(segments, a), new TreeReader(segments, b)));
  return { found, opened: segments.opened.length };
}

/** The same, with all of both trees in memory. */
function expected(before: readonly Entry[], after: readonly Entry[]) {
  const byKey = (entries: readonly Entry[]) =>
    new Map(entries.map((entry) => [keyOfEntry(entry), entry]));
  const [left, right] = [byKey(before), byKey(after)];
  const both = new Map([...left, ...right]);
  return sorted([...both.values()])
    .map((entry) => keyOfEntry(entry))
    .map((key) => ({ before: left.get(key), after: right.get(key) }))
    .filter((each) => !isSame(each.before, each.after));
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  const text = (entry: Entry | undefined) =>
    JSON.stringify(entry, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  return text(a) === text(b);
}

test('what differs between any two trees is found', async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, anyTree, async (before, after) => {
      expect((await diff(before, after)).found).toEqual(expected(before, after));
    }),
  );
});

const FILE = fileAt('a');
const { uid, gid, mtime } = FILE;
const LINK: Entry = { type: 'link', path: 'a', uid, gid, mtime, target: 'x' };
const MISSING: Entry = { type: 'missing', path: 'a', why: 'EIO' };
const xattrs = [{ name: 'user.a', value: Buffer.from('1') }];

test.each<[string, Entry, Entry]>([
  ['mode', FILE, { ...FILE, mode: 0o600 }],
  ['uid', FILE, { ...FILE, uid: 1 }],
  ['gid', FILE, { ...FILE, gid: 1 }],
  ['mtime', FILE, { ...FILE, mtime: 1n }],
  ['size', FILE, { ...FILE, size: 2 }],
  ['content', FILE, { ...FILE, digest: fileAt('b').digest }],
  ['group', FILE, { ...FILE, group: FILE.digest }],
  ['attributes that were added', FILE, { ...FILE, xattrs }],
  [
    'attributes',
    { ...FILE, xattrs },
    { ...FILE, xattrs: [{ ...xattrs[0]!, value: Buffer.of(0) }] },
  ],
  ['target', LINK, { ...LINK, target: 'y' }],
  ['reason', MISSING, { ...MISSING, why: 'EPERM' }],
  ['type', FILE, LINK],
  ['what a directory lacks', directoryAt('a'), { ...directoryAt('a'), lacks: 'EIO' } as Entry],
])('a difference in %s is one', async (_, before, after) => {
  expect((await diff([before], [after])).found).toEqual([{ before, after }]);
  expect((await diff([after, fileAt('z')], [after])).found).toMatchObject([{ after: undefined }]);
});

/** Directories that are equal but for their names, so that they share segments. */
const LARGE: readonly Entry[] = sorted(
  ['a', 'b', 'c'].flatMap((name) => [
    directoryAt(name),
    ...numbered('x', 4_000).map((file) => ({ ...file, path: file.path.replace('x', name) })),
  ]) as Entry[],
);

test('any edits of a large tree are found', async () => {
  const edit = fc.record({
    at: fc.nat({ max: LARGE.length - 1 }),
    what: fc.constantFrom('remove', 'change', 'insert'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 12 }), async (edits) => {
      const after: (Entry | undefined)[] = [...LARGE];
      for (const { at, what } of edits) {
        const entry = LARGE[at]!;
        if (entry.type === 'directory') continue;
        if (what === 'remove') after[at] = undefined;
        else if (what === 'change') after[at] = fileAt(entry.path, `changed ${at}`);
        else after.push(fileAt(`${entry.path}-new`));
      }
      const edited = sorted([...new Map(after.flatMap((e) => (e ? [[e.path, e]] : []))).values()]);
      expect((await diff(LARGE, edited)).found).toEqual(expected(LARGE, edited));
    }),
    { numRuns: 10 },
  );
});

it('opens only what differs', async () => {
  const edited = LARGE.map((entry, at) =>
    at % 3_000 === 1_500 ? fileAt(entry.path, 'changed') : entry,
  );
  const { found, opened } = await diff(LARGE, edited);
  expect(found.length).toBe(4);
  // For each change a segment of level 0 on each side, and what leads there.
  expect(opened).toBeLessThanOrEqual(4 * 2 + 6);
  expect((await diff(LARGE, LARGE)).opened).toBe(0);
});

it('finds a directory renamed, whose segments are the same in another place', async () => {
  const renamed = LARGE.map(
    (entry) => ({ ...entry, path: entry.path.replace(/^b/, 'bb') }) as Entry,
  );
  const { found } = await diff(LARGE, renamed);
  expect(found.length).toBe(2 * 4_001);
  expect(found).toEqual(expected(LARGE, renamed));
});

it('of trees that are all different is as long as both', async () => {
  const other = LARGE.map((entry) => ({ ...entry, mtime: 1n }) as Entry);
  expect((await diff(LARGE, other)).found.length).toBe(LARGE.length);
  expect((await diff(LARGE, [])).found.length).toBe(LARGE.length);
  expect((await diff([], LARGE)).found.length).toBe(LARGE.length);
});
