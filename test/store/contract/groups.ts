/** Clauses on groups: staged, committed, discarded. Each holds for every side that opens groups. */
import { expect } from 'vitest';
import type { Group } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  commit,
  contentOf,
  contentsOf,
  NAMED_SIDES,
  namesIn,
  OBJECT_SIDES,
  type Place,
  read,
  SIDES,
  type Side,
  store,
  withGroups,
} from './subject.ts';

type Check = (side: Side, place: Place, open: () => Group<string>) => Promise<void>;

/** A clause for each side, checked on a store that has one content. */
function onEach(
  sides: readonly Side[],
  says: string,
  check: Check,
  prepare: (place: Place) => void = () => {},
): Clause[] {
  return sides.map((side) => ({
    says: `${side.name}: ${says}`,
    check: async (place) => {
      await store(place, side.space, [contentOf(side.space, 'first')]);
      prepare(place);
      await withGroups(place.engine(), side, (open) => check(side, place, open));
    },
  }));
}

async function readerOf(place: Place, side: Side) {
  return place.engine().openReader(side.space);
}

async function expectThere(
  place: Place,
  side: Side,
  contents: readonly { name: string; bytes: Uint8Array }[],
) {
  const reader = await readerOf(place, side);
  for (const { name, bytes } of contents) {
    expect(await reader.stat(name as never)).toMatchObject({ size: bytes.length });
    expect(await read(reader, name)).toBe(Buffer.from(bytes).toString());
  }
  const expected = [...contents, contentOf(side.space, 'first')].map(({ name }) => name);
  expect(await namesIn(reader)).toEqual([...new Set(expected)].sort());
}

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

  ...onEach(SIDES, 'a stream that is kept is there, whole', async (side, place, open) => {
    const group = open();
    const pieces = [Buffer.alloc(8192, 'a'), Buffer.alloc(4096, 'b'), Buffer.from('end')];
    const content = contentOf(side.space, Buffer.concat(pieces).toString());
    const stream = group.stageStream({ expected: content.bytes.length, aligned: false });
    for (const piece of pieces) await stream.write(piece);
    stream.keep(content.name, content.bytes.length, undefined);
    const empty = contentOf(side.space, '');
    group.stageStream({ expected: 0, aligned: false }).keep(empty.name, 0, undefined);
    await expectThere(place, side, []);
    await group.commit();
    await expectThere(place, side, [content, empty]);
  }),

  ...onEach(
    SIDES,
    'streams side by side keep to themselves, and one that is dropped goes alone',
    async (side, place, open) => {
      const group = open();
      const [small, one, two] = contentsOf(side.space, 3);
      group.stage(small!.name, small!.bytes);
      const open3 = [one!, two!, small!].map(({ bytes }) => ({
        bytes,
        stream: group.stageStream({ expected: bytes.length, aligned: false }),
      }));
      for (const at of [0, 1])
        for (const { stream, bytes } of open3)
          await stream.write(at === 0 ? bytes.subarray(0, 4) : bytes.subarray(4));
      open3[2]!.stream.drop();
      open3[0]!.stream.keep(one!.name, one!.bytes.length, undefined);
      open3[1]!.stream.keep(two!.name, two!.bytes.length, undefined);
      await group.commit();
      await expectThere(place, side, [small!, one!, two!]);
    },
  ),

  ...onEach(SIDES, 'a group that was full is not after its commit', async (side, place, open) => {
    const group = open();
    expect(group.full).toBe(false);
    const contents = contentsOf(side.space, 150);
    const staged = contents.filter(({ name, bytes }) => {
      if (!group.full) group.stage(name, bytes);
      else return false;
      return true;
    });
    await group.commit();
    expect(group.full).toBe(false);
    expect(staged.length).toBeGreaterThan(0);
    await expectThere(place, side, staged);
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
    OBJECT_SIDES,
    'a large content is known by its sample once it was committed',
    async (_, place, open) => {
      const group = open();
      const content = contentOf('objects', 'large');
      const sample = '5a'.repeat(16);
      expect(group.knowsLarge(5, sample)).toBe(false);
      const stream = group.stageStream({ expected: 5, aligned: false });
      await stream.write(content.bytes);
      stream.keep(content.name, 5, sample);
      await group.commit();
      expect([group.knowsLarge(5, sample), group.knowsLarge(6, sample)]).toEqual([true, false]);
      for (const side of OBJECT_SIDES)
        await withGroups(place.engine(), side, async (next) =>
          expect(next().knowsLarge(5, sample)).toBe(true),
        );
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
];
