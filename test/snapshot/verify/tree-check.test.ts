/** Trees that are checked one after the other, from segments in memory. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { failed } from '../../../src/errors.ts';
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
    onUnreadable: () => expect.unreachable(),
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

it('segments of any bytes, under digests that are theirs, are damage or harmless', async () => {
  const tree = [directoryAt('d'), fileAt('d/a'), { ...fileAt('d/b'), group: groupOf('d/b') }];
  const sound = await writeTree(sorted([...tree, fileAt('e')]), segments);
  const bytes = segments.segments.get(sound.digest)!;
  const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      let forged = Buffer.from(bytes);
      for (const [at, byte, drop] of edits) {
        forged = Buffer.concat([forged.subarray(0, at), forged.subarray(at + drop)]);
        if (at < forged.length) forged[at] = byte;
      }
      const digest = digestOf(forged);
      segments.segments.set(digest, forged);
      damage = [];
      await check.check(reference('one', { ...sound, digest }, countsOf([...tree, fileAt('e')])));
      expect(damage.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

describe('a segment that cannot be read', () => {
  const read = async (code: string) => {
    const found: string[] = [];
    const failing = new TreeCheck(
      {
        get: async () => {
          throw failed('cannot read', Object.assign(new Error(code), { code }));
        },
      },
      {
        onFile: () => {},
        onDamaged: (_, error) => void found.push(`damaged ${error.code}`),
        onUnreadable: (error) => void found.push(`unreadable ${error.code}`),
        onProgress: () => {},
      },
    );
    const root = await writeTree([fileAt('a')], segments);
    await failing.check(reference('one', root, { files: 1 }));
    return found;
  };

  it('is damaged, unreadable, or ends the check, by what its errno tells of', async () => {
    expect(await read('EIO')).toEqual(['damaged EIO']);
    expect(await read('EACCES')).toEqual(['unreadable EACCES']);
    await expect(read('EMFILE')).rejects.toMatchObject({ code: 'EMFILE' });
  });
});
