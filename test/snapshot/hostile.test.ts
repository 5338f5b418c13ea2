/** Segments that nobody has written with TreeWriter: refused, or harmless. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { isIngotError } from '../../src/errors.ts';
import { toBytes } from '../../src/names.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import type { Root } from '../../src/snapshot/segment.ts';
import { TreeReader } from '../../src/snapshot/tree-reader.ts';
import { all, differencesOf, directoryAt, MemorySegments, numbered, writeTree } from './trees.ts';

const segments = new MemorySegments();

/** Keeps a segment of these lines, and gives what would have to be said of it. */
function planted(level: number, lines: readonly string[], claims: Partial<Root> = {}): Root {
  const bytes = Buffer.from([`{"segment":1,"level":${level}}`, ...lines, ''].join('\n'));
  const digest = digestOf(bytes);
  segments.segments.set(digest, bytes);
  return { digest, level, entries: lines.length, size: 0, ...claims };
}

const missing = (name: string, up = '') => `{${up}"missing":"${name}","why":"EIO"}`;
const directory = (name: string, up = '') =>
  `{${up}"dir":"${name}","mode":"755","uid":0,"gid":0,"mtime":"0"}`;
const up = (levels: number) => `"up":${levels},`;
const ref = (to: Root, first: string, way = '') =>
  `{${way}"first":"${first}","entries":${to.entries},"size":"${to.size}","sha256":"${to.digest}"}`;

const read = (root: Root) => all(new TreeReader(segments, root).below(''));
const refused = (why: string) =>
  expect.objectContaining({ code: 'INGOT_DAMAGED', why: expect.stringContaining(why) });

const A = planted(0, [missing('a')]);
const B = planted(0, [missing('b')]);
const F = planted(0, [missing('f')]);
const EMPTY = planted(0, []);

describe('a segment', () => {
  const cases: [string, Root, string][] = [
    ['with names out of order', planted(0, [missing('b'), missing('a')]), 'out of order'],
    ['with a name twice', planted(0, [missing('a'), missing('a')]), 'twice'],
    ['with a directory twice', planted(0, [directory('a'), directory('a', up(1))]), 'twice'],
    [
      'with a file and a directory of one name',
      planted(0, [missing('a'), missing('a-'), directory('a-b'), directory('a', up(1))]),
      'have one name',
    ],
    ['with the root in its middle', planted(0, [missing('a'), directory('')]), 'out of order'],
    ['with two roots', planted(0, [directory(''), directory('')]), 'twice'],
    ['with a root that is no directory', planted(0, [missing('')]), 'empty'],
    ['with a name ..', planted(0, [directory('..')]), "'..'"],
    ['with a path', planted(0, [directory('a/b')]), 'slash'],
    ['that leads out of the tree', planted(0, [directory('a'), missing('b', up(2))]), 'out of'],
    ['that leads far out', planted(0, [directory('a'), missing('b', up(9999))]), 'out of'],
    ['that begins with a way up', planted(0, [missing('a', up(1))]), 'out of'],
    ['with a line that is none', planted(0, ['']), 'not an entry'],
    ['with a line of another level', planted(0, [ref(A, 'a')]), 'not an entry'],
    ['with too many lines', planted(0, Array(1153).fill(missing('a'))), 'more than 1152 lines'],
    ['with a long line', planted(0, [missing('a'.repeat(500_001))]), 'longer than 500000 bytes'],
    ['with a huge line', planted(0, [missing('a'.repeat(2 << 20))]), 'longer than 1048576 bytes'],
    ['with more entries than it has', planted(0, [missing('a')], { entries: 2 }), 'has 1 entries'],
    ['with ten million', planted(0, [missing('a')], { entries: 10_000_000 }), 'not 10000000'],
    ['with more bytes than it has', planted(0, [missing('a')], { size: 1 }), 'have 0 bytes'],
    ['of another level than is said', { ...A, level: 1 }, 'not of level 1'],
    ['of a level beyond all', { ...A, level: 8 }, 'above level'],
    [
      'that is empty below the root',
      planted(1, [ref({ ...EMPTY, entries: 1 }, 'a')], { entries: 1 }),
      'is empty',
    ],
    ['that is empty on a higher level', planted(1, []), 'is empty'],
  ];

  it.each(cases)('%s is refused', async (_, root, why) => {
    await expect(read(root)).rejects.toThrow(refused(why));
  });

  const text = (name: string, bytes: Buffer, claims: Partial<Root> = {}): [string, Root] => {
    segments.segments.set(digestOf(bytes), bytes);
    return [name, { digest: digestOf(bytes), level: 0, entries: 1, size: 0, ...claims }];
  };
  const whole = segments.segments.get(A.digest)!;
  it.each([
    text('nothing', Buffer.alloc(0)),
    text('another file', Buffer.from('hello\n')),
    text('one cut short', whole.subarray(0, -1)),
    text('one without a line', whole.subarray(0, 26)),
    text('one with an empty line', Buffer.concat([whole, Buffer.from('\n')])),
    text('one with carriage returns', Buffer.from(whole.toString().replaceAll('\n', '\r\n'))),
    text(
      'bytes that are no UTF-8',
      Buffer.from(whole.toString('latin1').replace('"a"', '"\xff"'), 'latin1'),
    ),
    text('a later format', Buffer.from(whole.toString().replace('"segment":1', '"segment":2'))),
  ])('that is %s is refused', async (_, root) => {
    await expect(read(root)).rejects.toThrow(refused(''));
  });

  it('whose bytes are another one’s is refused', async () => {
    const forged = new MemorySegments();
    forged.segments.set(A.digest, segments.segments.get(B.digest)!);
    const reading = all(new TreeReader(forged, A).below(''));
    await expect(reading).rejects.toThrow(refused('another digest'));
  });
});

describe('references to segments', () => {
  const two = (lines: string[]) => planted(1, lines, { entries: 2 });
  const one = (line: string) => planted(1, [line], { entries: 1 });
  const cases: [string, Root, string][] = [
    ['out of order', two([ref(B, 'b'), ref(A, 'a')]), 'segments are out of order'],
    ['to one segment twice', two([ref(A, 'a'), ref(A, 'a')]), 'segments are out of order'],
    [
      'to one segment in itself',
      two([ref(A, 'a'), ref(A, 'a', '"in":["a"],')]),
      'does not come before',
    ],
    ['to one in a directory that is not there', one(ref(A, 'a', '"in":["d"],')), 'elsewhere'],
    ['that name another first entry', one(ref(A, 'c')), 'another entry'],
    ['that name a directory', one(ref(A, 'a/')), 'another entry'],
    ['that name nothing', one(ref(A, '')), 'another entry'],
    ['that name a path', one(ref(A, 'x/a')), 'slash'],
    [
      'to one whose first line leads upwards',
      planted(
        1,
        [
          ref(planted(0, [directory('d')]), 'd/'),
          ref(planted(0, [missing('e', up(1))]), 'e', '"in":["d"],'),
        ],
        { entries: 2 },
      ),
      'another entry',
    ],
    ['that go up', two([ref(A, 'a'), ref(B, 'b', up(1))]), 'out of the tree'],
    ['that go into ..', two([ref(A, 'a'), ref(B, 'b', '"in":[".."],')]), "'..'"],
    ['that enter nothing', two([ref(A, 'a'), ref(B, 'b', '"in":[],')]), 'as it must be'],
    [
      'that leave and enter one directory',
      planted(
        1,
        [
          ref(planted(0, [directory('d')]), 'd/'),
          ref(A, 'a', '"in":["d"],'),
          ref(B, 'b', '"up":1,"in":["d"],'),
        ],
        { entries: 3 },
      ),
      'not written as it must be',
    ],
    ['with a space', two([ref(A, 'a'), ref(B, 'b', '"in":["x" ],')]), 'as it must be'],
    [
      'that claim nothing',
      planted(1, [ref({ ...EMPTY, entries: 0 }, 'a')], { entries: 0 }),
      'said to be empty',
    ],
    [
      'that claim too much',
      planted(1, [ref({ ...A, entries: 10_000_000 }, 'a')], { entries: 10_000_000 }),
      'has 1 entries',
    ],
    ['whose claims are beyond numbers', one(ref({ ...A, entries: 1e16 }, 'a')), 'must be'],
    [
      'that are more than a segment may have',
      planted(1, Array(385).fill(ref(A, 'a'))),
      'more than 384',
    ],
    [
      'to a segment of the same level',
      planted(1, [ref(planted(1, [ref(A, 'a')]), 'a')]),
      'not of level 0',
    ],
    ['two levels down', planted(2, [ref(A, 'a')]), 'not of level 1'],
    [
      'to segments that overlap',
      planted(1, [ref(planted(0, [missing('a'), missing('z')]), 'a'), ref(B, 'b')], { entries: 3 }),
      'out of order',
    ],
    [
      'to a file and a directory of one name',
      planted(1, [ref(A, 'a'), ref(planted(0, [directory('a')]), 'a/')], { entries: 2 }),
      'have one name',
    ],
  ];

  it.each(cases)('%s are refused', async (_, root, why) => {
    await expect(read(root)).rejects.toThrow(refused(why));
  });

  it('to an entry without its directory give no child with a path for a name', async () => {
    const [d, x] = ['d', 'x'].map((name) => planted(0, [directory(name)]));
    const lines = [
      ref(d!, 'd/'),
      ref(x!, 'x/', '"in":["d"],'),
      ref(F, 'f', '"in":["x"],'),
      ref(A, 'a', '"up":1,"in":["z"],'),
    ];
    const reader = new TreeReader(segments, planted(1, lines, { entries: 4 }));
    await expect(all(reader.below('d'))).rejects.toThrow(refused('does not come before it'));
    const children = async (path: string) =>
      (await all(reader.children(path))).map((entry) => entry.path);
    expect(await children('d')).toEqual(['d/x']);
    expect(await children('')).toEqual(['d']);
  });

  it('can form no circle: the digest of a segment would be in itself', async () => {
    const circle = new MemorySegments();
    const line = ref({ ...A, digest: 'c'.repeat(64) as Digest }, 'a');
    const bytes = Buffer.from(`{"segment":1,"level":1}\n${line}\n`);
    circle.segments.set('c'.repeat(64) as Digest, bytes);
    const root = { ...A, level: 1, digest: 'c'.repeat(64) as Digest };
    await expect(all(new TreeReader(circle, root).below(''))).rejects.toThrow(
      refused('another digest'),
    );
  });

  it('to ever more equal trees cost what is read of them, and no more', async () => {
    // Each level holds the one below twice, in two directories: 2^7 times the file of a few kB.
    let tree = planted(0, [missing('f')]);
    let first = 'f';
    for (let level = 1; level < 8; level++) {
      const [left, right] = ['l', 'r'].map((name) =>
        inPlace(level - 1, directory(name), `${name}/`),
      );
      const lines = [
        ref(left!, 'l/'),
        ref(tree, first, '"in":["l"],'),
        ref(right!, 'r/', up(1)),
        ref(tree, first, '"in":["r"],'),
      ];
      tree = planted(level, lines, { entries: 2 * tree.entries + 2 });
      first = 'l/';
    }
    segments.opened.length = 0;
    expect(await new TreeReader(segments, tree).find('l/r/l')).toMatchObject({ path: 'l/r/l' });
    expect(segments.opened.length).toBeLessThan(50);
    let read = 0;
    for await (const _ of new TreeReader(segments, tree).below('')) read++;
    expect(read).toBe(2 ** 7 + 2 ** 8 - 2);
  });

  /** One entry, below as many levels. */
  function inPlace(level: number, line: string, first: string): Root {
    let root = planted(0, [line]);
    for (let at = 1; at <= level; at++) root = planted(at, [ref(root, first)], { entries: 1 });
    return root;
  }
});

test('a diff takes no segment for the same in another place', async () => {
  const [c, d] = ['c', 'd'].map((name) => planted(0, [directory(name)]));
  const before = planted(
    1,
    [ref(c!, 'c/'), ref(d!, 'd/', '"in":["c"],'), ref(F, 'f', '"in":["d"],'), ref(F, 'f', up(1))],
    { entries: 4 },
  );
  const after = planted(1, [ref(c!, 'c/'), ref(F, 'f', '"in":["c"],')], { entries: 2 });
  const found = await all(
    differencesOf(new TreeReader(segments, before), new TreeReader(segments, after)),
  );
  expect(found.map((each) => [each.before?.path, each.after?.path])).toEqual([
    ['c/d', undefined],
    ['c/d/f', undefined],
  ]);
});

const WHOLE = { segments: new MemorySegments(), root: A };
beforeAll(async () => {
  const entries = [directoryAt('dir'), ...numbered('dir', 800), directoryAt('e')];
  WHOLE.root = await writeTree(entries, WHOLE.segments);
});

/** Every way to read a tree, until it ends or is refused. */
async function readAll(root: Root, source: MemorySegments): Promise<Entry[]> {
  const reader = new TreeReader(source, root);
  const whole = new TreeReader(WHOLE.segments, WHOLE.root);
  const found: Entry[] = [];
  const tried = [
    async () => found.push(...(await all(reader.below('')))),
    async () => found.push(...(await all(reader.children('')))),
    async () => found.push(...(await all(reader.children('dir')))),
    async () => found.push(...(await all(reader.below('dir')))),
    () => reader.find('dir/file-00700'),
    () => all(differencesOf(reader, new TreeReader(segments, A))),
    () => all(differencesOf(new TreeReader(segments, A), reader)),
    async () => {
      for (const pair of [[reader, whole] as const, [whole, reader] as const])
        for await (const { before, after } of differencesOf(...pair))
          for (const entry of [before, after]) if (entry !== undefined) found.push(entry as Entry);
    },
  ];
  for (const each of tried) {
    try {
      await each();
    } catch (error) {
      if (!isIngotError(error) || error.code !== 'INGOT_DAMAGED') throw error;
    }
  }
  return found;
}

function expectSafe(entries: readonly Entry[]): void {
  // The root directory alone has no name.
  const named = entries.filter(({ type, path }) => type !== 'directory' || path !== '');
  const names = named.flatMap(({ path }) => path.split('/'));
  const isSafe = (name: string) => {
    const bytes = toBytes(name);
    return !['', '.', '..'].includes(name) && !bytes.includes(0) && !bytes.includes(0x2f);
  };
  expect(names.filter((name) => !isSafe(name))).toEqual([]);
}

test('bytes changed anywhere in a tree, with digests that fit them, are refused or read as a tree', async () => {
  const { segments: whole, root } = WHOLE;
  const change = fc.record({ which: fc.nat(), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const forged = new MemorySegments();
      for (const [digest, bytes] of whole.segments) forged.segments.set(digest, Buffer.from(bytes));
      for (const { which, at, by } of changes) {
        const bytes = [...forged.segments.values()][which % forged.segments.size]!;
        bytes[at % bytes.length]! ^= by;
      }
      expectSafe(await readAll(await resealed(forged, root), forged));
    }),
    { numRuns: 200 },
  );
});

/** Gives every segment the name of its bytes, and names them so in what refers to them. */
async function resealed(forged: MemorySegments, root: Root): Promise<Root> {
  const named = [...forged.segments].sort(([, a], [, b]) => levelOf(a) - levelOf(b));
  forged.segments.clear();
  let top = root;
  const renamed = new Map<string, string>();
  for (const [digest, bytes] of named) {
    let text = bytes.toString('latin1');
    if (levelOf(bytes) > 0)
      text = text.replace(/[0-9a-f]{64}/g, (each) => renamed.get(each) ?? each);
    const now = await forged.put(Buffer.from(text, 'latin1'));
    renamed.set(digest, now);
    if (digest === root.digest) top = { ...root, digest: now };
  }
  return top;
}

const levelOf = (bytes: Buffer) => (bytes.toString('latin1', 0, 22).endsWith('0') ? 0 : 1);

test('random lines are refused or read as a tree', async () => {
  const any = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.string(), fc.nat({ max: 3 })).map(([name, n]) => missing(name, n ? up(n) : '')),
    fc.tuple(fc.string(), fc.nat({ max: 3 })).map(([name, n]) => directory(name, n ? up(n) : '')),
    fc.constantFrom(ref(A, 'a'), ref(B, 'b', '"in":["a"],'), ref(A, 'a', up(1))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 5 }), fc.nat({ max: 2 }), async (lines, level) => {
      expectSafe(await readAll(planted(level, lines), segments));
    }),
    { numRuns: 500 },
  );
});
