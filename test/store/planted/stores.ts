/** Engines that break a clause on reading, or on stores as such. */
import type { ReadHalf } from '../../../dist/src/store/seam/read.js';
import type { StoreStats, Verifier } from '../../../dist/src/store/seam/upkeep.js';
import type { Space } from '../../../dist/src/store/seam/write.js';
import type { MemoryStore } from '../memory-store.ts';
import { override } from './override.ts';
import type { Wrong } from './writers.ts';

/** The module of wrong groups, whose check is wrong as well. */
export const WRONG_MODULE = new URL('groups.ts', import.meta.url).href;

type AnyReader = ReadHalf<string>;

const reader =
  (wrong: (reader: AnyReader, store: MemoryStore, space: Space) => Partial<AnyReader>): Wrong =>
  (engine, store) => ({
    openReader: async (space) => {
      const inner = await engine.openReader(space);
      return override<typeof inner>(inner, wrong(inner, store, space) as Partial<typeof inner>);
    },
  });

const list = (
  change: (pages: readonly (readonly string[])[]) => readonly (readonly string[])[],
): Wrong =>
  reader((inner) => ({
    async *list(options) {
      const pages: (readonly string[])[] = [];
      for await (const page of inner.list(options)) pages.push(page);
      yield* change(pages);
    },
  }));

const stats =
  (change: (stats: StoreStats) => Partial<StoreStats>): Wrong =>
  (engine) => ({
    stats: async (options) => {
      const found = await engine.stats(options);
      return { ...found, ...change(found) };
    },
  });

const verifier =
  (wrong: (verifier: Verifier) => Partial<Verifier>): Wrong =>
  (engine) => ({
    openVerifier: async (options) => {
      const inner = await engine.openVerifier(options);
      return override(inner, wrong(inner));
    },
  });

/** What is removed is back after a power cut. */
const removesForAWhile: Wrong = reader((inner, store, space) => ({
  remove: async (names) => {
    const removed = new Map([...store.spaces[space]].filter(([name]) => names.includes(name)));
    const cut = store.powerCut.bind(store);
    store.powerCut = () => {
      cut();
      for (const [name, bytes] of removed) store.spaces[space].set(name, bytes);
    };
    return inner.remove(names);
  },
}));

/** Opens what is not there, or has no content, as one that is empty. */
const opensAnything = (code: string): Wrong =>
  reader((inner) => ({
    open: (name, range) =>
      inner.open(name, range).catch((error: { readonly code: string }) => {
        if (error.code !== code) throw error;
        return { size: 0, path: name, read: async () => 0, close: async () => {} };
      }),
  }));

export const WRONG_STORES: Readonly<Record<string, readonly [Wrong, finds: string]>> = {
  'gives another size': [
    reader((inner) => ({
      stat: async (name) => {
        const found = await inner.stat(name);
        return found && { ...found, size: found.size + 1 };
      },
    })),
    'stat gives size and place',
  ],
  'reads all but the last byte': [
    reader((inner) => ({
      open: async (name, range) => {
        const { size } = (await inner.stat(name)) ?? { size: 1 };
        return inner.open(name, range ?? { from: 0, to: size - 1 });
      },
    })),
    'what is open is read to its end',
  ],
  'reads whole what is larger than may be': [
    reader((inner) => ({ readWhole: (name) => inner.readWhole(name, 1 << 20) })),
    'a small content is read whole',
  ],
  'reads a byte more than the range': [
    reader((inner) => ({
      open: (name, range) => inner.open(name, range && { ...range, to: range.to + 1 }),
    })),
    'a range is read as subarray has it',
  ],
  'opens what is not there': [opensAnything('INGOT_NOT_FOUND'), 'what is not there is'],
  'reads what has no content': [opensAnything('INGOT_DAMAGED'), 'what no content can be read from'],
  'lists a page less': [list((pages) => pages.slice(1)), 'a list has the names of its space'],
  'lists a page twice': [
    list(([first, ...rest]) => [first ?? [], first ?? [], ...rest]),
    'a list has all names that were there',
  ],
  'passes over in silence what may not be listed': [
    reader((inner) => ({ list: (options) => inner.list({ ...options, onRefused: () => {} }) })),
    'what may not be listed is passed over, and named',
  ],
  'lists nothing as a page': [list((pages) => [...pages, []]), 'a list of nothing has no page'],
  'lists what other spaces have': [
    (engine, store) => ({
      openReader: async (space) => {
        const inner = await engine.openReader(space);
        const names = Object.values(store.spaces).flatMap((contents) => [...contents.keys()]);
        const all = async function* () {
          yield names as never;
        };
        return override<typeof inner>(inner, { list: all });
      },
    }),
    'a list has the names of its space',
  ],
  'hears no signal': [
    reader((inner) => ({ list: () => inner.list() })),
    'a list that is aborted rejects',
  ],
  'hears no signal once it has begun': [
    reader((inner) => ({
      list: (options) => {
        options?.signal?.throwIfAborted();
        return inner.list();
      },
    })),
    'an aborted one no further page',
  ],
  'counts as removed what was not there': [
    reader((inner) => ({
      remove: async (names) => {
        await inner.remove(names);
        return names.length;
      },
    })),
    'remove gives the number',
  ],
  'removes nothing': [
    reader((inner) => ({
      remove: async (names) => {
        const found = await Promise.all([...new Set(names)].map((name) => inner.stat(name)));
        return found.filter((each) => each !== undefined).length;
      },
    })),
    'remove gives the number',
  ],
  'removes for a while': [removesForAWhile, 'what was removed stays away'],
  'creates a store for its readers': [
    (engine, store) => ({
      openReader: (space) => {
        store.exists = true;
        return engine.openReader(space);
      },
    }),
    'a store that is missing is INGOT_NO_STORE',
  ],
  'creates nothing': [
    (engine) => ({
      open: async ({ create }) => {
        if (!create) await engine.open({ create });
        return { layout: undefined };
      },
    }),
    'a store is created where that is asked for',
  ],
  'takes any layout': [
    (engine) => ({
      open: ({ layout: _, ...rest }) => engine.open(rest),
      openWriter: ({ layout: _, ...rest }) => engine.openWriter(rest),
    }),
    'another layout than that of the store is refused',
  ],
  'takes any barrier': [
    (engine) => ({ openWriter: (options) => engine.openWriter({ ...options, barrier: 'auto' }) }),
    'a barrier and a sharing that the engine does not have',
  ],
  'takes any sharing': [
    (engine) => ({ open: ({ sharing: _, ...rest }) => engine.open(rest) }),
    'a barrier and a sharing that the engine does not have',
  ],
  'checks nothing': [
    verifier(({ worker }) => ({ worker: { ...worker, module: WRONG_MODULE } })),
    'a check finds what does not hash',
  ],
  'sees objects that are not there': [
    verifier(({ worker }) => ({ worker: { ...worker, module: WRONG_MODULE } })),
    'a look gives the sizes',
  ],
  'counts one more': [
    verifier((inner) => ({
      count: async (signal) => {
        const { objects, bytes } = await inner.count(signal);
        return { objects: objects + 1, bytes };
      },
    })),
    'a verifier lists and counts',
  ],
  'moves nothing to quarantine': [
    verifier(() => ({ quarantine: async () => ({ moved: 'elsewhere' }) })),
    'a quarantine takes away',
  ],
  'reads one object in its threads': [
    (engine, store) => ({
      threadReader: async () => {
        const source = await engine.threadReader();
        const [first] = store.spaces.objects.values();
        const contents = new Map([...store.spaces.objects.keys()].map((name) => [name, first]));
        return { ...source, init: { contents } };
      },
    }),
    'a thread reads whole objects',
  ],
  'moves all to quarantine': [
    (engine, store) => ({
      openVerifier: async (options) => {
        const inner = await engine.openVerifier(options);
        return override(inner, {
          quarantine: (object) => {
            const moved = inner.quarantine(object);
            store.spaces.objects.clear();
            return moved;
          },
        });
      },
    }),
    'a quarantine takes away',
  ],
  'forgets an object in its stats': [
    stats(({ objects }) => ({ objects: objects - 1 })),
    'stats count objects',
  ],
  'keeps an object of its stats to itself': [
    (engine) => ({
      stats: (options) => {
        let isFirst = true;
        const onObject: typeof options.onObject = (digest, size) => {
          if (!isFirst) options.onObject?.(digest, size);
          isFirst = false;
        };
        return engine.stats({ ...options, onObject });
      },
    }),
    'stats give each object with its size',
  ],
  'goes on with stats that are aborted': [
    (engine) => ({ stats: () => engine.stats({}) }),
    'stats that are aborted reject',
  ],
  'warns in words': [
    (engine) => ({ ...engine, warning: async () => 'beware' as never }),
    'a warning is a failure as data',
  ],
  'has a relayout that is not offered': [
    () => ({ relayout: async () => ({ layout: 'flat', moved: 0, merged: 0 }) }),
    'a relayout is had exactly where it is offered',
  ],
  'has a place to probe that is not offered': [
    () => ({ openProbePlace: () => Promise.reject(new Error('there is none')) }),
    'a place to probe is had exactly where it is offered',
  ],
};
