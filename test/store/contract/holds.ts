/** Clauses on what keeps names where they are: holds, and the generation that they give. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Verifier } from '../../../dist/src/store/seam/upkeep.js';
import type { MainHalf } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  commit,
  contentOf,
  OPTIONS,
  objectsIn,
  type Place,
  read,
  rejection,
  store,
  withWriter,
} from './subject.ts';

const SNAPSHOTS = { ...OPTIONS, snapshots: true } as const;
const SOUND = contentOf('objects', 'sound');
const FIRST = contentOf('objects', 'first');
/** Far more than a removal takes that nobody keeps from it. */
const TURNS = 1000;

type Removal = (signal?: AbortSignal) => ReturnType<Verifier['quarantine']>;

/** A store that is ready for snapshots, with a damaged object: what takes that away. */
async function storeWithDamage(place: Place): Promise<Removal> {
  await withWriter(place.engine(), (main) => commit(main.openGroup('objects'), [FIRST]), SNAPSHOTS);
  place.plant(SOUND.name, Buffer.from('SOUND'));
  const { path } = (await (await place.engine().openReader('objects')).stat(SOUND.name))!;
  const verifier = await place.engine().openVerifier({ quarantine: true });
  const object = { digest: SOUND.name, path, why: 'its bytes', size: 5 };
  return (signal) => verifier.quarantine(object, signal);
}

type Holder = Pick<MainHalf, 'opened' | 'hold'>;

/** As it was on opening, which is as it is. */
async function generationOf(main: Holder): Promise<string | undefined> {
  expect(await generationHeld(main)).toBe(main.opened.generation);
  return main.opened.generation;
}

async function generationHeld(main: Holder): Promise<string | undefined> {
  const { generation, release } = await main.hold();
  release();
  return generation;
}

async function expectNothing(main: Holder): Promise<void> {
  expect(main.opened.generation).toBeUndefined();
  expect((await main.hold()).generation).toBeUndefined();
}

/** A removal that nobody keeps from it waits for nothing; one that waits is over then. */
const soon = () => AbortSignal.timeout(3000);

async function turns(): Promise<void> {
  for (let n = 0; n < TURNS; n++) await nextTurn();
}

export const HOLD_CLAUSES: readonly Clause[] = [
  {
    says: 'a store has a generation from the first writer on that records snapshots',
    check: async (place) => {
      expect(await withWriter(place.engine(), generationOf)).toBeUndefined();
      const generation = await withWriter(place.engine(), generationOf, SNAPSHOTS);
      expect(generation).toMatch(/^[0-9a-f-]{32,}$/);
      for (const options of [SNAPSHOTS, OPTIONS])
        expect(await withWriter(place.engine(), generationOf, options)).toBe(generation);
    },
  },
  {
    says: 'two stores never have the same generation',
    check: async (place, { newPlace }) => {
      const generations = [];
      for (const each of [place, newPlace()])
        generations.push(await withWriter(each.engine(), generationOf, SNAPSHOTS));
      expect(generations[0]).not.toBe(generations[1]);
    },
  },
  {
    says: 'a writer that was opened before the store was made ready learns its generation by a hold',
    check: async (place) => {
      await withWriter(place.engine(), async (main) => {
        expect(await generationHeld(main)).toBeUndefined();
        const generation = await withWriter(place.engine(), generationOf, SNAPSHOTS);
        expect(await generationHeld(main)).toBe(generation);
      });
    },
  },
  {
    says: 'the generation is another one when a name has gone, and no other time',
    check: async (place) => {
      const moveDamaged = await storeWithDamage(place);
      await withWriter(place.engine(), async (main) => {
        await commit(main.openGroup('objects'), [contentOf('objects', 'second')]);
        expect(await generationHeld(main)).toBe(main.opened.generation);
        expect((await moveDamaged()).moved).toMatch(/./);
        const later = await generationHeld(main);
        expect(later).not.toBe(main.opened.generation);
        expect(later).toMatch(/./);
      });
    },
  },
  {
    says: 'no name goes as long as a hold of any writer lasts',
    check: async (place) => {
      const moveDamaged = await storeWithDamage(place);
      const writers = [await place.engine().openWriter(OPTIONS)];
      writers.push(await place.engine().openWriter(OPTIONS));
      const holds = [await writers[0]!.hold(), await writers[1]!.hold()];
      const moved = moveDamaged();
      for (const hold of holds) {
        await turns();
        expect(await objectsIn(place)).toContain(SOUND.name);
        hold.release();
        hold.release();
      }
      expect((await moved).moved).toMatch(/./);
      expect(await objectsIn(place)).toEqual([FIRST.name]);
      for (const writer of writers) await writer.end('done');
    },
  },
  {
    says: 'groups are committed while a hold lasts',
    check: async (place) => {
      const reference = contentOf('references', 'snapshot');
      await withWriter(
        place.engine(),
        async (main) => {
          await commit(main.openGroup('objects'), [FIRST]);
          await main.flush();
          const { release } = await main.hold();
          await commit(main.openGroup('references'), [reference]);
          release();
        },
        SNAPSHOTS,
      );
      const reader = await place.engine().openReader('references');
      expect(await read(reader, reference.name)).toBe('snapshot');
    },
  },
  {
    says: 'the end of a writer releases what it holds',
    check: async (place) => {
      const moveDamaged = await storeWithDamage(place);
      for (const how of ['done', 'failed'] as const) {
        const main = await place.engine().openWriter(OPTIONS);
        await main.hold();
        await main.end(how);
      }
      expect((await moveDamaged(soon())).moved).toMatch(/./);
    },
  },
  {
    says: 'waiting ends with the reason of the signal: for a hold, and for a removal',
    check: async (place) => {
      const moveDamaged = await storeWithDamage(place);
      for (const reason of [new Error('enough'), 'enough'])
        await withWriter(place.engine(), async (main) => {
          expect(await rejection(main.hold(AbortSignal.abort(reason)))).toBe(reason);
          await main.hold();
          expect(await rejection(moveDamaged(AbortSignal.abort(reason)))).toBe(reason);
        });
      expect(await objectsIn(place)).toContain(SOUND.name);
    },
  },
  {
    says: 'a dry run holds nothing, and has no generation',
    check: async (place) => {
      const dryRun = { ...SNAPSHOTS, dryRun: true };
      await withWriter(place.engine(), expectNothing, dryRun);
      await store(place, 'objects', [FIRST]);
      await withWriter(place.engine(), expectNothing, dryRun);
      const moveDamaged = await storeWithDamage(place);
      const main = await place.engine().openWriter(dryRun);
      await expectNothing(main);
      expect((await moveDamaged(soon())).moved).toMatch(/./);
      await main.end('done');
    },
  },
];
