/** Clauses on groups: staged, committed, discarded. Each holds for every side that opens groups. */
import { expect } from 'vitest';
import { expectThere, onEach } from './each-side.ts';
import {
  type Clause,
  commit,
  contentOf,
  contentsOf,
  MAIN_SIDES,
  NAMED_SIDES,
  OBJECT_SIDES,
  SIDES,
  store,
  withWriter,
} from './subject.ts';

const NO_NAMES = ['', '.', '..', '.hidden', '-x', 'a/b', '/a', 'a\0', 'a b', 'x'.repeat(256)];
const NAMES = ['a', '20261130T140203Z-3f2a9c1e', 'x'.repeat(255)];

export const GROUP_CLAUSES: readonly Clause[] = [
  ...onEach(SIDES, 'what is staged is not visible before its commit', async (side, place, open) => {
    const group = open();
    const content = contentOf(side.space, 'staged');
    group.stage(content.name, content.bytes);
    await expectThere(place, side, []);
    group.discard();
  }),

  ...onEach(SIDES, 'what is committed is there, whole', async (side, place, open) => {
    const contents = ['', 'small', 'x'.repeat(70_000)].map((text) => contentOf(side.space, text));
    await commit(open(), contents);
    await expectThere(place, side, contents);
  }),

  ...onEach(
    SIDES,
    'a caller may use its buffer anew once it was staged',
    async (side, place, open) => {
      const [one, two] = contentsOf(side.space, 2);
      const group = open();
      const stream = group.stageStream({ expected: two!.bytes.length, aligned: false });
      const buffer = Buffer.from(one!.bytes);
      group.stage(one!.name, buffer);
      buffer.set(two!.bytes);
      await stream.write(buffer);
      buffer.fill(0);
      stream.keep(two!.name, two!.bytes.length, undefined);
      await group.commit();
      await expectThere(place, side, [one!, two!]);
    },
  ),

  ...onEach(SIDES, 'a group goes on after a commit, of nothing, too', async (side, place, open) => {
    const group = open();
    await group.commit();
    const contents = contentsOf(side.space, 2);
    for (const content of contents) await commit(group, [content]);
    await group.commit();
    await expectThere(place, side, contents);
    expect(group.settled).toEqual({ there: [], repaired: [] });
  }),

  ...onEach(
    SIDES,
    'a look-up finds what was there when the writer was opened',
    async (side, _, open) => {
      const group = open();
      const first = contentOf(side.space, 'first');
      const other = contentOf(side.space, 'never stored');
      expect(['present', 'unknown']).toContain(group.lookup(first.name, first.bytes.length));
      expect(['absent', 'unknown']).toContain(group.lookup(other.name, other.bytes.length));
    },
  ),

  ...onEach(
    MAIN_SIDES,
    'a look-up finds what others have committed since',
    async (side, place, open) => {
      const { name, bytes } = contentOf(side.space, 'later');
      await store(place, side.space, [{ name, bytes }]);
      expect(['present', 'unknown']).toContain(open().lookup(name, bytes.length));
    },
  ),

  ...onEach(SIDES, 'a look-up is by size', async (side, _, open) => {
    const { name, bytes } = contentOf(side.space, 'first');
    expect(['damaged', 'unknown']).toContain(open().lookup(name, bytes.length + 1));
  }),

  ...onEach(
    SIDES,
    'discard drops what was staged, however often, and nothing else',
    async (side, place, open) => {
      const [kept, dropped, later] = contentsOf(side.space, 3);
      const group = open();
      await commit(group, [kept!]);
      group.stage(dropped!.name, dropped!.bytes);
      group.discard();
      group.discard();
      await commit(group, [later!]);
      await expectThere(place, side, [kept!, later!]);
    },
  ),

  ...onEach(SIDES, 'a group that was full is not after its commit', async (side, place, open) => {
    const group = open();
    expect(group.full).toBe(false);
    const contents = contentsOf(side.space, 150);
    let staged = 0;
    while (staged < contents.length && !group.full) {
      const { name, bytes } = contents[staged++]!;
      group.stage(name, bytes);
    }
    await group.commit();
    expect(group.full).toBe(false);
    expect(staged).toBeGreaterThan(0);
    await expectThere(place, side, contents.slice(0, staged));
  }),

  ...onEach(SIDES, 'groups that are open at once keep to themselves', async (side, place, open) => {
    const [one, two] = contentsOf(side.space, 2);
    const [first, second] = [open(), open()];
    first.stage(one!.name, one!.bytes);
    second.stage(two!.name, two!.bytes);
    await first.commit();
    await expectThere(place, side, [one!]);
    second.discard();
    await second.commit();
    await expectThere(place, side, [one!]);
  }),

  ...onEach(
    SIDES,
    'one content in two groups is there once, and both commit',
    async (side, place, open) => {
      const content = contentOf(side.space, 'twice');
      const groups = [open(), open()];
      for (const group of groups) group.stage(content.name, content.bytes);
      await Promise.all(groups.map((group) => group.commit()));
      await expectThere(place, side, [content]);
      const settled = groups.map((group) => group.settled);
      expect(settled.flatMap(({ repaired }) => repaired)).toEqual([]);
      expect(settled.flatMap(({ there }) => there).length).toBeLessThanOrEqual(1);
    },
  ),

  ...onEach(SIDES, 'its cost is counted from 0 on', async (side, _, open) => {
    const group = open();
    expect(group.cost).toEqual({ publishMs: 0, fileFlushes: 0 });
    await commit(group, contentsOf(side.space, 2));
    expect(group.cost.publishMs).toBeGreaterThanOrEqual(0);
    expect(Number.isInteger(group.cost.fileFlushes) && group.cost.fileFlushes >= 0).toBe(true);
  }),

  ...onEach(
    OBJECT_SIDES,
    'what is there already stays whole, and is not repaired',
    async (side, place, open) => {
      const group = open();
      const first = contentOf('objects', 'first');
      const fresh = contentOf('objects', 'fresh');
      await commit(group, [first, fresh]);
      await expectThere(place, side, [first, fresh]);
      expect(group.settled.repaired).toEqual([]);
      expect([[], [first.name]]).toContainEqual(group.settled.there);
    },
  ),

  ...onEach(
    OBJECT_SIDES,
    'what has another size is repaired, and settled tells of all commits',
    async (side, place, open) => {
      const contents = contentsOf('objects', 2);
      const group = open();
      for (const content of contents) {
        expect(['damaged', 'unknown']).toContain(group.lookup(content.name, content.bytes.length));
      }
      for (const content of contents) await commit(group, [content]);
      await expectThere(place, side, contents);
      const names = contents.map(({ name }) => name);
      expect(group.settled).toEqual({ there: [], repaired: names });
    },
    (place) => {
      for (const { name } of contentsOf('objects', 2)) place.plant(name, Buffer.from('torn'));
    },
  ),

  ...onEach(
    NAMED_SIDES,
    'the first content of a name stays, and settled tells of each later one',
    async (side, place, open) => {
      const group = open();
      const first = contentOf(side.space, 'first');
      const [one, two] = contentsOf(side.space, 2);
      await commit(group, [{ name: first.name, bytes: Buffer.from('FIRST') }]);
      await commit(group, [one!, two!]);
      group.lookup(one!.name, 1);
      await commit(group, [{ name: one!.name, bytes: Buffer.from('z') }]);
      await expectThere(place, side, [one!, two!]);
      expect(group.settled).toEqual({ there: [first.name, one!.name], repaired: [] });
    },
  ),

  {
    says: 'a reference is called by letters, digits, . and -, and never by a path',
    check: (place) =>
      withWriter(place.engine(), async (main) => {
        const group = main.openGroup('references');
        const bytes = Buffer.from('reference');
        for (const name of NO_NAMES)
          expect(() => group.stage(name, bytes), name).toThrow('not a name in a store');
        for (const name of NAMES) group.stage(name, bytes);
        await group.commit();
      }),
  },
];
