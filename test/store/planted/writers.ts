/** Engines whose writers break a clause. */
import type { Engine } from '../../../dist/src/store/seam/engine.js';
import type {
  End,
  FlushReport,
  Group,
  MainHalf,
  Names,
  Opened,
  Space,
  WriteOptions,
} from '../../../dist/src/store/seam/write.js';
import type { Commit, Committed } from '../memory-main-half.ts';
import type { MemoryStore } from '../memory-store.ts';
import { override } from './override.ts';

/** Makes an engine of a store wrong. */
export type Wrong = (engine: Engine, store: MemoryStore) => Partial<Engine>;

/** The members of a writer that are wrong. */
type WrongWriter = (main: MainHalf, store: MemoryStore) => Partial<MainHalf>;

export const writer =
  (wrong: WrongWriter): Wrong =>
  (engine, store) => ({
    openWriter: async (options) => {
      const main = await engine.openWriter(options);
      return override(main, wrong(main, store));
    },
  });

const opened = (members: Partial<Opened>): Wrong =>
  writer((main) => ({ opened: { ...main.opened, ...members } }));

const end = (wrong: (main: MainHalf, how: End) => Promise<void>): Wrong =>
  writer((main) => ({ end: (how) => wrong(main, how) }));

const flush = (wrong: (main: MainHalf, signal?: AbortSignal) => Promise<void>): Wrong =>
  writer((main) => ({ flush: (signal) => wrong(main, signal) }));

const options =
  (members: Partial<WriteOptions>): Wrong =>
  (engine) => ({ openWriter: (given) => engine.openWriter({ ...given, ...members }) });

/** A writer whose groups on the main thread leave names to a flush that never comes. */
function forgetting(which: 'contents' | 'hits'): Wrong {
  return writer((main, store) => ({
    openGroup: <S extends Space>(space: S) => {
      const group = main.openGroup(space);
      const names = new Set<string>();
      return override<Group<Names[S]>>(group, {
        lookup: (name, size) => {
          if (which === 'hits') names.add(name);
          return group.lookup(name, size);
        },
        stage: (name, bytes) => {
          if (which === 'contents') names.add(name);
          else names.delete(name);
          group.stage(name, bytes);
        },
        commit: async () => {
          await group.commit();
          for (const name of names) {
            const bytes = store.spaces[space].get(name);
            if (bytes !== undefined) store.put(space, name, bytes);
          }
        },
      });
    },
  }));
}

/** A writer that publishes what it could not make durable. */
const hasty: Wrong = writer((main, store) => ({
  answer: async (message) => {
    const committed = (await main.answer(message)) as Committed;
    if (committed.failure !== undefined) putAll(store, message as Commit);
    return committed;
  },
  openGroup: <S extends Space>(space: S) => {
    const group = main.openGroup(space);
    const contents: { name: string; bytes: Uint8Array }[] = [];
    return override<Group<Names[S]>>(group, {
      stage: (name, bytes) => {
        contents.push({ name, bytes });
        group.stage(name, bytes);
      },
      commit: async () => {
        try {
          await group.commit();
        } catch (error) {
          putAll(store, { space, contents });
          throw error;
        }
      },
    });
  },
}));

function putAll(store: MemoryStore, { space, contents }: Pick<Commit, 'space' | 'contents'>): void {
  for (const { name, bytes } of contents) store.put(space, name, bytes);
}

const ENDS = 'a writer that ends with';

/** By what a writer does: how it is made to, and a clause that finds it. */
export const WRONG_WRITERS: Readonly<Record<string, readonly [Wrong, finds: string]>> = {
  'creates no store': [
    (engine, store) => ({
      openWriter: async (options) => {
        const existed = store.exists;
        const main = await engine.openWriter(options);
        store.exists = existed;
        return main;
      },
    }),
    'a writer creates a store that is missing',
  ],
  'says another layout': [opened({ layout: 'flat' }), 'what was learnt on opening'],
  'gives notices of two lines': [opened({ notices: ['one\ntwo'] }), 'what was learnt on opening'],
  'counts nothing that it sweeps': [opened({ swept: 0 }), 'what a dead writer left'],
  'stays when it ends': [end(async () => {}), ENDS],
  'takes its objects along': [
    writer((main, store) => ({
      end: (how) => {
        store.spaces.objects.clear();
        return main.end(how);
      },
    })),
    ENDS,
  ],
  'takes along what it committed, once it ends badly': [
    writer((main, store) => ({
      end: (how) => {
        if (how === 'failed') store.spaces.objects.clear();
        return main.end(how);
      },
    })),
    'after a writer that ended badly',
  ],
  'has a barrier of its own': [
    opened({ barrier: 'prayer' as never }),
    'what was learnt on opening',
  ],
  'counts flushes up to the last flush': [
    writer((main) => {
      let counted: FlushReport | undefined;
      const flushes = () => counted ?? main.flushes;
      return {
        get flushes() {
          return flushes();
        },
        flush: async () => {
          await main.flush();
          counted = main.flushes;
        },
      };
    }),
    'flushes are counted',
  ],
  'takes no group after the last flush': [
    writer((main) => {
      let isFlushed = false;
      return {
        flush: async () => {
          await main.flush();
          isFlushed = true;
        },
        openGroup: (space) => {
          if (isFlushed) throw new Error('too late');
          return main.openGroup(space);
        },
      };
    }),
    'groups may follow the last flush',
  ],
  'flushes nothing': [
    flush(async () => {}),
    "once 'flush' has resolved, what groups of workers committed is durable",
  ],
  'leaves names of the main thread to the end': [
    forgetting('contents'),
    'of the main thread are durable at their commit',
  ],
  'forgets the names of hits': [forgetting('hits'), 'hits of the main thread are durable'],
  'names what it could not make durable': [hasty, 'and names nothing, then or later'],
  'swallows the failure of its last flush': [
    flush((main, signal) => main.flush(signal).catch(() => {})),
    "a last flush that fails is rejected as 'flush'",
  ],
  "rejects 'failed'": [
    end(async (main, how) => {
      await main.end(how);
      if (how === 'failed') throw new Error('too early');
    }),
    "'failed' never rejects",
  ],
  'rejects with something else than the reason': [
    flush(async (_main, signal) => {
      if (signal?.aborted) throw new Error('aborted');
    }),
    'a flush that was aborted',
  ],
  'bears no other writer': [
    (engine, store) => ({
      openWriter: async (options) => {
        if (store.live > 0) throw new Error('there is one already');
        return engine.openWriter(options);
      },
    }),
    'two writers at once',
  ],
  'knows what was there when it was opened, and no more': [
    writer((main, store) => {
      const names = new Set(Object.values(store.spaces).flatMap((space) => [...space.keys()]));
      return {
        openGroup: <S extends Space>(space: S) => {
          const group = main.openGroup(space);
          return override<Group<Names[S]>>(group, {
            lookup: (name, size) => (names.has(name) ? group.lookup(name, size) : 'absent'),
          });
        },
      };
    }),
    'a look-up finds what others have committed since',
  ],
  'lets nothing be staged': [writer(() => ({ maxStaged: 0 })), 'as many groups as maxStaged says'],
  'writes in a dry run': [options({ dryRun: false }), 'a dry run creates and writes nothing'],
  'verifies no hits': [options({ verifyHits: false }), 'equal size is enough for a hit'],
  'verifies all hits': [options({ verifyHits: true }), 'equal size is enough for a hit'],
  'gives its workers a function': [
    writer((main) => ({ worker: { ...main.worker, init: { call: () => main } } })),
    'what a worker gets is plain data',
  ],
  'answers everything': [
    writer((main) => ({ answer: (message) => main.answer(message).catch(() => undefined) })),
    'the main half rejects a message',
  ],
};
