/** Engines that do not keep names where they are. */
import type { Engine } from '../../../dist/src/store/seam/engine.js';
import type { Hold, MainHalf } from '../../../dist/src/store/seam/write.js';
import type { MemoryStore } from '../memory-store.ts';
import { override } from './override.ts';
import { type Wrong, writer } from './writers.ts';

const hold = (wrong: (main: MainHalf, store: MemoryStore) => MainHalf['hold']): Wrong =>
  writer((main, store) => ({ hold: wrong(main, store) }));

const generation = (wrong: (right: string | undefined) => string | undefined): Wrong =>
  writer((main) => ({
    opened: { ...main.opened, generation: wrong(main.opened.generation) },
    hold: async (signal) => {
      const held = await main.hold(signal);
      return { ...held, generation: wrong(held.generation) };
    },
  }));

/** `withheld`: what the store does not have while it moves an object. */
const removal =
  (withheld: (store: MemoryStore) => Partial<MemoryStore>): Wrong =>
  (engine: Engine, store: MemoryStore) => ({
    openVerifier: async (options) => {
      const inner = await engine.openVerifier(options);
      return override(inner, {
        quarantine: async (object, signal) => {
          const { holds } = store;
          Object.assign(store, withheld(store));
          const moved = inner.quarantine(object, signal);
          store.holds = holds;
          return moved;
        },
      });
    },
  });

/** By what an engine does: how it is made to, and a clause that finds it. */
export const WRONG_HOLDS: Readonly<Record<string, readonly [Wrong, finds: string]>> = {
  'never has a generation': [generation(() => undefined), 'a store has a generation from'],
  'has a generation before snapshots are recorded': [
    generation((right) => right ?? '0'.repeat(32)),
    'a store has a generation from',
  ],
  'has the generation of all stores': [
    generation((right) => right && '0'.repeat(32)),
    'two stores never have the same generation',
  ],
  'knows the generation of its opening, and no later one': [
    hold((main) => async (signal) => {
      const { release } = await main.hold(signal);
      return { generation: main.opened.generation, release };
    }),
    'learns its generation by a hold',
  ],
  'has a generation that a removal leaves as it is': [
    generation((right) => right && '0'.repeat(32)),
    'the generation is another one when a name has gone',
  ],
  'removes beside holds': [removal(() => ({ holds: 0 })), 'no name goes as long as'],
  'releases all holds with one': [
    hold((main, store) => async (signal) => {
      const { generation } = await main.hold(signal);
      const release = () => {
        store.holds = 0;
      };
      return { generation, release };
    }),
    'no name goes as long as',
  ],
  'commits nothing that is held': [
    writer((main) => {
      let isHeld = false;
      return {
        hold: async (signal) => {
          isHeld = true;
          return main.hold(signal);
        },
        openGroup: (space) => {
          if (isHeld) throw new Error('it would wait for itself');
          return main.openGroup(space);
        },
      };
    }),
    'groups are committed while a hold lasts',
  ],
  'holds on when it has ended': [
    writer((main, store) => ({
      end: async (how) => {
        const { holds } = store;
        await main.end(how);
        store.holds = holds;
      },
    })),
    'the end of a writer releases',
  ],
  'is held whatever the signal says': [
    hold((main) => () => main.hold()),
    'waiting ends with the reason',
  ],
  'holds in a dry run': [
    (engine, store) => ({
      openWriter: async (options) => {
        const main = await engine.openWriter(options);
        if (!options.dryRun) return main;
        const held = async (): Promise<Hold> => {
          store.holds++;
          return { generation: undefined, release: () => {} };
        };
        return override(main, { hold: held });
      },
    }),
    'a dry run holds nothing',
  ],
};
