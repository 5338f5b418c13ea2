/** Clauses on writers: how they are opened and end, one alone and two side by side. */
import { expect } from 'vitest';
import type { End } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  callMainOf,
  commit,
  contentOf,
  contentsOf,
  MAIN_SIDES,
  namesIn,
  OBJECT_SIDES,
  OPTIONS,
  objectsIn,
  openWorker,
  type Place,
  read,
  SIDES,
  SPACES,
  store,
  withGroups,
  withWriter,
} from './subject.ts';

const BARRIERS = [undefined, 'syncfs', 'fsync'];

const FIRST = contentOf('objects', 'first');

export const WRITER_CLAUSES: readonly Clause[] = [
  {
    says: 'a writer creates a store that is missing',
    check: async (place) => {
      await withWriter(place.engine(), async () => {});
      await place.engine().open({ create: false });
    },
  },
  {
    says: 'what was learnt on opening: layout, barrier, notices of a line each',
    check: async (place, { layout }) => {
      await withWriter(place.engine(), async ({ opened }) => {
        expect(opened.layout).toBe(layout);
        expect(opened.swept).toBe(0);
        expect(BARRIERS).toContain(opened.barrier);
        for (const notice of opened.notices) expect(notice).toMatch(/^[^\n]+$/);
      });
    },
  },
  {
    says: 'what a dead writer left is removed by the next, and counted',
    check: async (place) => {
      await store(place, 'objects', [FIRST]);
      place.plantDeadWriter();
      expect(place.leftovers()).not.toEqual([]);
      await withWriter(place.engine(), async ({ opened }) => expect(opened.swept).toBe(1));
      expect(place.leftovers()).toEqual([]);
      await withWriter(place.engine(), async ({ opened }) => expect(opened.swept).toBe(0));
      expect(await objectsIn(place)).toEqual([FIRST.name]);
    },
  },
  ...(['done', 'failed'] as const).map((how: End) => ({
    says: `a writer that ends with '${how}' leaves nothing behind`,
    check: async (place: Place) => {
      const main = await place.engine().openWriter(OPTIONS);
      const groups = await Promise.all(SIDES.map((side) => side.open(main)));
      const [kept, dropped] = contentsOf('objects', 2);
      await commit(groups[0]!(), [kept!]);
      const open = groups[1]!();
      open.stage(dropped!.name, dropped!.bytes);
      await main.end(how);
      open.discard();
      expect(place.leftovers()).toEqual([]);
      expect(await objectsIn(place)).toEqual([kept!.name]);
    },
  })),
  {
    says: 'flushes are counted from 0 on, also those of commits that follow the last flush',
    check: async (place) => {
      await withWriter(place.engine(), async (main) => {
        const counts = [main.flushes];
        await commit(main.openGroup('objects'), [FIRST]);
        counts.push(main.flushes);
        await main.flush();
        counts.push(main.flushes);
        await commit(main.openGroup('references'), [contentOf('references', 'snapshot')]);
        counts.push(main.flushes);
        expect(counts[0]).toEqual({ barriers: 0, directoryFlushes: 0 });
        for (const { barriers, directoryFlushes } of counts) {
          expect(Number.isInteger(barriers)).toBe(true);
          expect(Number.isInteger(directoryFlushes)).toBe(true);
        }
        const sums = counts.map(({ barriers, directoryFlushes }) => barriers + directoryFlushes);
        expect(sums).toEqual(sums.toSorted((a, b) => a - b));
        expect(sums[3]).toBeGreaterThan(sums[2]!);
      });
    },
  },
  ...MAIN_SIDES.map((side) => ({
    says: `${side.name}: groups may follow the last flush`,
    check: async (place: Place) => {
      const content = contentOf(side.space, 'late');
      await withWriter(place.engine(), async (main) => {
        await commit(main.openGroup('objects'), [FIRST]);
        await main.flush();
        await commit((await side.open(main))(), [content]);
      });
      const reader = await place.engine().openReader(side.space);
      expect(await read(reader, content.name)).toBe('late');
      expect(place.leftovers()).toEqual([]);
    },
  })),
  {
    says: "once 'flush' has resolved, what groups of workers committed is durable",
    only: 'power cuts' as const,
    check: async (place) => {
      const contents = contentsOf('objects', 3);
      const main = await place.engine().openWriter(OPTIONS);
      const half = await openWorker(main, { number: 1, mayBeTerminated: false });
      await commit(half.openGroup(callMainOf(main)), contents);
      await main.flush();
      place.powerCut!();
      expect(await objectsIn(place)).toEqual(contents.map(({ name }) => name).sort());
    },
  },
  ...SPACES.map((space) => ({
    says: `${space} of the main thread are durable at their commit`,
    only: 'power cuts' as const,
    check: async (place: Place) => {
      const contents = contentsOf(space, 3);
      const main = await place.engine().openWriter(OPTIONS);
      await commit(main.openGroup(space), contents);
      place.powerCut!();
      const reader = await place.engine().openReader(space);
      expect(await namesIn(reader)).toEqual(contents.map(({ name }) => name).sort());
    },
  })),
  {
    says: 'hits of the main thread are durable at the commit of their group',
    only: 'power cuts' as const,
    check: async (place) => {
      const main = await place.engine().openWriter(OPTIONS);
      const half = await openWorker(main, { number: 1, mayBeTerminated: false });
      await commit(half.openGroup(callMainOf(main)), [FIRST]);
      const group = main.openGroup('objects');
      const presence = group.lookup(FIRST.name, FIRST.bytes.length);
      if (presence !== 'present') group.stage(FIRST.name, FIRST.bytes);
      await group.commit();
      place.powerCut!();
      expect(await objectsIn(place)).toEqual([FIRST.name]);
    },
  },
  {
    says: 'after a writer that ended badly the next one finds what was committed, and goes on',
    check: async (place) => {
      const [kept, dropped] = contentsOf('objects', 2);
      const main = await place.engine().openWriter(OPTIONS);
      const groups = [main.openGroup('objects'), main.openGroup('objects')] as const;
      await commit(groups[0], [kept!]);
      groups[1].stage(dropped!.name, dropped!.bytes);
      await main.end('failed');
      await withWriter(place.engine(), async (next) => {
        expect(next.opened.swept).toBe(0);
        const group = next.openGroup('objects');
        expect(['present', 'unknown']).toContain(group.lookup(kept!.name, kept!.bytes.length));
        expect(['absent', 'unknown']).toContain(group.lookup(dropped!.name, dropped!.bytes.length));
        await commit(group, [dropped!]);
      });
      expect(await objectsIn(place)).toEqual([kept!, dropped!].map(({ name }) => name).sort());
      groups[1].discard();
    },
  },
  {
    says: 'two writers at once keep to themselves',
    check: async (place) => {
      const [one, two, both] = contentsOf('objects', 3);
      const first = await place.engine().openWriter(OPTIONS);
      const second = await place.engine().openWriter(OPTIONS);
      const group = second.openGroup('objects');
      group.stage(two!.name, two!.bytes);
      group.stage(both!.name, both!.bytes);
      await commit(first.openGroup('objects'), [one!, both!]);
      await first.flush();
      await first.end('done');
      await group.commit();
      await second.flush();
      await second.end('done');
      expect(await objectsIn(place)).toEqual([one!, two!, both!].map(({ name }) => name).sort());
      expect(place.leftovers()).toEqual([]);
    },
  },
  {
    says: 'as many groups as maxStaged says may have something staged at once',
    check: async (place) => {
      const main = await place.engine().openWriter(OPTIONS);
      expect(main.maxStaged).toBeGreaterThanOrEqual(1);
      const contents = contentsOf('objects', Math.min(20, main.maxStaged));
      const groups = contents.map(({ name, bytes }) => {
        const group = main.openGroup('objects');
        group.stage(name, bytes);
        return group;
      });
      await Promise.all(groups.map((group) => group.commit()));
      await main.end('failed');
      expect(await objectsIn(place)).toEqual(contents.map(({ name }) => name).sort());
    },
  },
  ...SIDES.map((side) => ({
    says: `${side.name}: a dry run creates and writes nothing`,
    check: async (place: Place) => {
      const [one, two] = contentsOf(side.space, 2);
      const stageBoth = () =>
        withGroups(
          place.engine(),
          side,
          async (open) => {
            const group = open();
            const stream = group.stageStream({ expected: two!.bytes.length, aligned: false });
            await stream.write(two!.bytes);
            stream.keep(two!.name, two!.bytes.length, undefined);
            await commit(group, [one!]);
          },
          { dryRun: true },
        );
      await stageBoth();
      await expect(place.engine().open({ create: false })).rejects.toMatchObject({
        code: 'INGOT_NO_STORE',
      });
      const first = contentOf(side.space, 'first');
      await store(place, side.space, [first]);
      await stageBoth();
      const reader = await place.engine().openReader(side.space);
      expect(await namesIn(reader)).toEqual([first.name]);
      expect(place.leftovers()).toEqual([]);
    },
  })),
  ...OBJECT_SIDES.map((side) => ({
    says: `${side.name}: equal size is enough for a hit, unless hits are to be verified`,
    check: async (place: Place) => {
      await store(place, 'objects', []);
      place.plant(FIRST.name, Buffer.from('FIRST'));
      for (const verifyHits of [false, true])
        await withGroups(
          place.engine(),
          side,
          async (open) => {
            const presence = open().lookup(FIRST.name, FIRST.bytes.length);
            expect([verifyHits ? 'damaged' : 'present', 'unknown']).toContain(presence);
          },
          { verifyHits },
        );
    },
  })),
];
