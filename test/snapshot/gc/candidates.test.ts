/** What goes of forgotten trees, and what snapshots keep, in trees of several levels. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/digest.ts';
import type { FileEntry } from '../../../src/snapshot/entry.ts';
import { Candidates } from '../../../src/snapshot/gc/candidates.ts';
import { Marks } from '../../../src/snapshot/gc/marks.ts';
import type { Root } from '../../../src/snapshot/segment.ts';
import { all, directoryAt, fileAt, MemorySegments, sorted, writeTree } from '../trees.ts';

/** Enough for two levels. */
const ENTRIES = 3000;

interface Trees {
  readonly live: readonly (readonly number[])[];
  readonly forgotten: readonly (readonly number[])[];
}

const files = (contents: readonly number[]): FileEntry[] =>
  contents.map((content, n) => fileAt(`d/${`${n}`.padStart(5, '0')}`, `${content}`) as FileEntry);

const digestsOf = (trees: readonly (readonly number[])[]) =>
  new Set(trees.flatMap((contents) => files(contents).map(({ digest }) => digest)));

class Collected {
  readonly segments = new MemorySegments();
  readonly marks = new Marks(this.segments, {});
  readonly candidates = new Candidates(this.segments, this.marks, {});

  async put(contents: readonly number[]): Promise<Root> {
    const entries = sorted([directoryAt('d'), ...files(contents)]);
    const root = await writeTree(entries, this.segments);
    if (contents.length >= ENTRIES) expect(root.level).toBeGreaterThan(0);
    return root;
  }

  async putAll(trees: readonly (readonly number[])[]): Promise<Root[]> {
    return Promise.all(trees.map((contents) => this.put(contents)));
  }

  /** The objects below these roots that go. */
  async goingBelow(roots: readonly Digest[]): Promise<Digest[]> {
    const going: Digest[] = [];
    for (const root of roots)
      for (const some of await all(this.candidates.below(root, fail)))
        going.push(...some.map(({ name }) => name));
    return going;
  }
}

const fail = (error: unknown) => expect.unreachable(`${error}`);

/** Trees that have most of their entries in common, each with some of other contents. */
const tree = fc
  .array(fc.tuple(fc.nat(ENTRIES - 1), fc.nat(2 * ENTRIES)), { maxLength: 8 })
  .map((changes) => {
    const contents = Array.from({ length: ENTRIES }, (_, n) => n);
    for (const [at, content] of changes) contents[at] = content;
    return contents;
  });
const some = fc.array(tree, { minLength: 1, maxLength: 3 });

async function expectExactly({ live, forgotten }: Trees, wantOnly: boolean): Promise<void> {
  const collected = new Collected();
  const { marks, candidates } = collected;
  for (const root of await collected.putAll(live)) await marks.findTree(root, 'live');
  const roots = (await collected.putAll(forgotten)).map(({ digest }) => digest);
  if (wantOnly) marks.wantOnly(await candidates.findAll(roots));
  await marks.mark();
  const kept = digestsOf(live);
  const gone = [...digestsOf(forgotten)].filter((digest) => !kept.has(digest));
  expect((await collected.goingBelow(roots)).sort()).toEqual(gone.sort());
  if (wantOnly) expect(marks.objects.size).toBeLessThan(ENTRIES);
  else expect(marks.objects.size).toBe(kept.size);
}

describe('what only forgotten trees name goes, each once', () => {
  it.each([true, false])('whatever they share; marking what is wanted only: %s', async (only) => {
    const trees = fc.record({ live: some, forgotten: some });
    await fc.assert(
      fc.asyncProperty(trees, (given) => expectExactly(given, only)),
      { numRuns: 15 },
    );
  });
});

it('a tree that comes later keeps what it needs', async () => {
  const collected = new Collected();
  const { marks, candidates } = collected;
  await marks.findTree(await collected.put([1]), 'live');
  const { digest: root } = await collected.put([1, 2, 3]);
  marks.wantOnly(await candidates.findAll([root]));
  await marks.mark();
  await marks.findTree(await collected.put([4, 3]), 'later');
  await marks.mark();
  expect(await collected.goingBelow([root])).toEqual(files([2]).map(({ digest }) => digest));
});

it('what could not be read when candidates were found stays, though it can be read later', async () => {
  const collected = new Collected();
  const { marks, candidates, segments } = collected;
  await marks.findTree(await collected.put([1]), 'live');
  const { digest: root } = await collected.put([1, 2]);
  const bytes = segments.segments.get(root)!;
  segments.segments.delete(root);
  marks.wantOnly(await candidates.findAll([root]));
  segments.segments.set(root, bytes);
  // Who brought it back may have named its objects, too, and they were not marked.
  await marks.mark();
  expect(await collected.goingBelow([root])).toEqual([]);
});

it.each([0, 1, 2, 7])('a reference that says level %i of its tree loses nothing', async (level) => {
  for (const contents of [[1, 2], Array.from({ length: ENTRIES }, (_, n) => n)]) {
    const collected = new Collected();
    const { marks } = collected;
    await marks.findTree({ ...(await collected.put(contents)), level }, 'live');
    await marks.mark();
    expect(marks.objects.size).toBe(contents.length);
  }
});

it('each segment is read once', async () => {
  const collected = new Collected();
  const { marks, segments } = collected;
  const large = Array.from({ length: ENTRIES }, (_, n) => n);
  for (const root of await collected.putAll([[1, 2], large])) await marks.findTree(root, 'live');
  await marks.mark();
  expect(segments.opened.sort()).toEqual([...segments.segments.keys()].sort());
});
