/** Clauses on contents that come in pieces. */
import { expect } from 'vitest';
import { expectThere, onEach } from './each-side.ts';
import { type Clause, contentOf, contentsOf, OBJECT_SIDES, SIDES, withGroups } from './subject.ts';

export const STREAM_CLAUSES: readonly Clause[] = [
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
];
