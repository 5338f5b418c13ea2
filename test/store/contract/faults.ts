/** Clauses on what becomes of contents, and of writers, when something fails. */
import { expect } from 'vitest';
import type { MainHalf } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  commit,
  contentOf,
  contentsOf,
  namesIn,
  OPTIONS,
  objectsIn,
  type Place,
  read,
  rejection,
  SIDES,
  type Side,
  store,
  type Trait,
  withGroups,
  withWriter,
} from './subject.ts';

const FIRST = contentOf('objects', 'first');

const onlyWhere = ({ isWorker }: Side): Trait | undefined =>
  isWorker ? 'faults in workers' : undefined;

/** Opens a writer of a store that has one object, and a fault. */
async function openFailing(place: Place, fault: 'flush' | 'last flush'): Promise<MainHalf> {
  await store(place, 'objects', [FIRST]);
  return place.engine(fault).openWriter(OPTIONS);
}

export const FAULT_CLAUSES: readonly Clause[] = [
  ...SIDES.map((side) => ({
    says: `${side.name}: a commit whose flush fails is rejected as 'flush', and names nothing, then or later`,
    only: onlyWhere(side),
    check: async (place: Place) => {
      const main = await openFailing(place, 'flush');
      const content = contentOf(side.space, 'lost');
      try {
        const group = (await side.open(main))();
        const failed = await rejection(commit(group, [content]));
        expect(failed).toMatchObject({ kind: 'flush' });
        await rejection(group.commit());
        group.discard();
      } finally {
        await main.end('failed');
      }
      const reader = await place.engine().openReader(side.space);
      expect(await reader.stat(content.name)).toBeUndefined();
      expect(await objectsIn(place)).toEqual([FIRST.name]);
      expect(place.leftovers()).toEqual([]);
    },
  })),
  ...SIDES.map((side) => ({
    says: `${side.name}: a store without room fails as 'full', and what was there stays`,
    only: onlyWhere(side),
    check: async (place: Place) => {
      const first = contentOf(side.space, 'first');
      await store(place, side.space, [first]);
      const large = contentOf(side.space, 'x'.repeat(100_000));
      await withGroups(place.engine('full'), side, async (open) => {
        const group = open();
        const failed = await rejection((async () => commit(group, [large]))());
        expect(failed).toMatchObject({ kind: 'full' });
        group.discard();
      });
      const reader = await place.engine().openReader(side.space);
      expect(await namesIn(reader)).toEqual([first.name]);
      expect(await read(reader, first.name)).toBe('first');
      expect(place.leftovers()).toEqual([]);
    },
  })),
  {
    says: "a last flush that fails is rejected as 'flush', and leaves nothing behind",
    check: async (place) => {
      const main = await openFailing(place, 'last flush');
      expect(await rejection(main.flush())).toMatchObject({ kind: 'flush' });
      await main.end('failed');
      expect(place.leftovers()).toEqual([]);
    },
  },
  {
    says: "'failed' never rejects, whatever has failed",
    check: async (place) => {
      for (const fault of ['flush', 'last flush'] as const) {
        const main = await openFailing(place, fault);
        await rejection(commit(main.openGroup('objects'), contentsOf('objects', 2)));
        expect(await rejection(main.end('failed'))).toBeUndefined();
        expect(place.leftovers()).toEqual([]);
      }
    },
  },
  {
    says: 'a flush that was aborted has flushed all, or rejects with the reason',
    check: async (place) => {
      // Left for the next writer to make durable.
      const unflushed = { durability: 'none' } as const;
      await withWriter(
        place.engine(),
        (main) => commit(main.openGroup('objects'), [FIRST]),
        unflushed,
      );
      for (const reason of [new Error('enough'), 'enough']) {
        const main = await place.engine().openWriter(OPTIONS);
        const flushed = await rejection(main.flush(AbortSignal.abort(reason)));
        await main.end('failed');
        expect([undefined, reason]).toContain(flushed);
        expect(place.leftovers()).toEqual([]);
      }
      expect(await objectsIn(place)).toEqual([FIRST.name]);
    },
  },
];
