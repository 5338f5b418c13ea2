/** Trees that are checked one after the other, from segments in memory. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/digest.ts';
import { type Entry, type FileEntry, groupOf } from '../../../src/snapshot/entry.ts';
import type { EntryCounts, Reference } from '../../../src/snapshot/reference.ts';
import type { Root } from '../../../src/snapshot/segment.ts';
import { TreeCheck } from '../../../src/snapshot/verify/tree-check.ts';
import { directoryAt, fileAt, MemorySegments, numbered, sorted, writeTree } from '../trees.ts';

let segments: MemorySegments;
let check: TreeCheck;
let files: string[];
let damage: [id: string, why: string | undefined][];

beforeEach(() => {
  segments = new MemorySegments();
  files = [];
  damage = [];
  check = new TreeCheck(segments, {
    onFile: ({ path }) => void files.push(path),
    onDamaged: (id, { why }) => void damage.push([id, why]),
    onProgress: () => {},
  });
});

function countsOf(entries: readonly Entry[]): EntryCounts {
  const count = (type: Entry['type']) => entries.filter((entry) => entry.type === type).length;
  const [directories, files] = [count('directory'), count('file')];
  return { directories, files, links: count('link'), missing: count('missing') };
}

/** As far as the check looks at it. */
function reference(id: string, root: Root, counts: Partial<EntryCounts>): Reference {
  const all = { directories: 0, files: 0, links: 0, missing: 0, ...counts };
  return { id, root, counts: all } as Reference;
}

async function checked(id: string, entries: readonly Entry[], counts = countsOf(entries)) {
  await check.check(reference(id, await writeTree(sorted(entries), segments), counts));
}

const LARGE = [directoryAt('d'), ...numbered('d', 5000)];

describe('a tree', () => {
  it('is read whole, once for all that have the same', async () => {
    await checked('one', LARGE);
    const { segments: read } = check;
    expect([files.length, check.entries, damage]).toEqual([5000, 5001, []]);
    expect(read).toBeGreaterThan(5);
    const changed = LARGE.map((entry) =>
      entry.path === 'd/file-02500' ? fileAt(entry.path, 'another') : entry,
    );
    await checked('two', changed);
    expect([check.entries, damage]).toEqual([10_002, []]);
    // The root, the one that has changed, and one whose neighbour it is.
    expect(check.segments - read).toBeLessThanOrEqual(4);
    expect(files.length).toBeLessThan(7500);
  });

  it('of nothing is sound', async () => {
    await checked('none', []);
    expect(damage).toEqual([]);
  });

  it('whose reference counts otherwise is damaged', async () => {
    await checked('one', [fileAt('a'), fileAt('b')], countsOf([fileAt('a'), directoryAt('b')]));
    expect(damage).toEqual([['one', 'it is said to have 1 directories, and its tree has 0']]);
  });

  it('is read on behind segments that are damaged, each of which is named', async () => {
    const root = await writeTree(sorted(LARGE), segments);
    const leaves = [...segments.segments.keys()].filter((digest) => digest !== root.digest);
    const [first, second] = [leaves[1]!, leaves[3]!];
    segments.segments.set(first, Buffer.from('torn'));
    segments.segments.delete(second);
    await check.check(reference('one', root, countsOf(LARGE)));
    expect(damage).toEqual([
      ['one', 'its bytes have another digest'],
      ['one', 'it is not there'],
    ]);
    expect(files.length).toBeGreaterThan(2000);
    expect(files).toContain('d/file-04999');
  });
});

describe('a segment that was read before', () => {
  const leaf = (...names: string[]) => planted(0, names.map(missing));
  function planted(level: number, lines: readonly string[], entries = lines.length): Root {
    const bytes = Buffer.from([`{"segment":1,"level":${level}}`, ...lines, ''].join('\n'));
    segments.segments.set(digestOf(bytes), bytes);
    return { digest: digestOf(bytes), level, entries, size: 0 };
  }
  const missing = (name: string) => `{"missing":"${name}","why":"EIO"}`;
  const ref = (to: Root, first: string, way = '') =>
    `{${way}"first":"${first}","entries":${to.entries},"size":"0","sha256":"${to.digest}"}`;

  it.each([
    ['begins before the end of it', 'b', '', 'segments are out of order'],
    ['lies in a directory without a line', 'x', '"in":["d"],', 'does not come before it'],
  ])('counts when the next one %s', async (_, name, way, why) => {
    const [before, sound, odd] = [leaf('a', 'c'), leaf('e'), leaf(name)];
    const one = planted(1, [ref(before, 'a'), ref(sound, 'e')], 3);
    const two = planted(1, [ref(before, 'a'), ref(odd, name, way)], 3);
    await check.check(reference('one', one, { missing: 3 }));
    expect(damage).toEqual([]);
    await check.check(reference('two', two, { missing: 3 }));
    expect(damage).toEqual([['two', expect.stringContaining(why)]]);
  });
});

describe('a group of hard links', () => {
  const member = (path: string, more: Partial<FileEntry> = {}): Entry => ({
    ...{ ...fileAt(path, 'x'), group: groupOf('a') },
    ...more,
  });
  const odd: [string, Entry[], string][] = [
    ['of other modes', [member('a'), member('b', { mode: 0 })], 'a and b are said to be one file'],
    ['of other contents', [member('a'), member('b', fileAt('b', 'y'))], 'said to be one file'],
    ['without its first name', [member('b'), member('c')], 'first name of a group of hard links'],
  ];

  it('has equal entries', async () => {
    await checked('one', [member('a'), member('b'), fileAt('c')]);
    expect(damage).toEqual([]);
  });

  it.each(odd)('%s is damaged', async (_, entries, why) => {
    const grouped = entries.map((entry) => ({ ...entry, group: groupOf('a') }) as Entry);
    await checked('one', grouped);
    expect(damage).toEqual([['one', expect.stringContaining(why)]]);
  });

  it('is compared across segments, and in each tree', async () => {
    const names = numbered('d', 3000).map((entry) => ({
      ...(entry as FileEntry),
      ...{ size: 1, digest: digestOf(Buffer.from('x')), group: groupOf('d/file-00000') },
    }));
    await checked('one', [directoryAt('d'), ...names]);
    expect(damage).toEqual([]);
    const last = names.pop()!;
    await checked('two', [directoryAt('d'), ...names, { ...last, mtime: 0n }]);
    expect(damage).toEqual([['two', expect.stringContaining('d/file-02999')]]);
  });
});

it('an error that is no damage ends a check', async () => {
  const failing = new TreeCheck(
    {
      get: async (digest: Digest) => {
        throw Object.assign(new Error(digest), { code: 'EMFILE' });
      },
    },
    { onFile: () => {}, onDamaged: () => expect.unreachable(), onProgress: () => {} },
  );
  const root = await writeTree([fileAt('a')], segments);
  await expect(failing.check(reference('one', root, { files: 1 }))).rejects.toMatchObject({
    code: 'EMFILE',
  });
});
