/** Groups of the memory engine that break a clause: a module as workers load it. */
import type { ReadAheadLimits } from '../../../dist/src/read-ahead/choice.js';
import type { Check, Look } from '../../../dist/src/store/seam/upkeep.js';
import type {
  CallMain,
  Group,
  Settled,
  Space,
  WorkerHalf,
  WorkerThread,
} from '../../../dist/src/store/seam/write.js';
import { type GroupHalf, MEMORY_MODULE, type MemoryModule } from '../memory-main-half.ts';
import { override } from './override.ts';

const memory = (await import(MEMORY_MODULE)) as MemoryModule;

type AnyGroup = Group<string>;

/** The members of a group that are wrong. `openAnother` gives another one of the same call. */
type Wrong = (group: AnyGroup, openAnother: () => AnyGroup) => Partial<AnyGroup>;

/** Of one defect, all that are open. */
const openGroups = new Set<AnyGroup>();

const DEFECTS: Readonly<Record<string, Wrong>> = {
  'shows what is staged': (group) => ({
    stage: (name, bytes) => {
      group.stage(name, bytes);
      group.commit().catch(() => {});
    },
  }),
  'loses the last content of a commit': (group) => {
    const staged: [string, Uint8Array][] = [];
    return {
      stage: (name, bytes) => void staged.push([name, Uint8Array.from(bytes)]),
      commit: () => {
        staged.pop();
        for (const [name, bytes] of staged.splice(0)) group.stage(name, bytes);
        return group.commit();
      },
    };
  },
  'takes any name': (group) => ({
    stage: (name, bytes) => group.stage(name.replaceAll(/[^0-9A-Za-z]/g, 'x') || 'x', bytes),
  }),
  'keeps the buffers of its callers': (group) => {
    const staged: [string, Uint8Array][] = [];
    return {
      stage: (name, bytes) => void staged.push([name, bytes]),
      commit: () => {
        for (const [name, bytes] of staged.splice(0)) group.stage(name, bytes);
        return group.commit();
      },
    };
  },
  'takes one commit': (group) => {
    let isOver = false;
    return {
      commit: async () => {
        if (isOver) return;
        isOver = true;
        await group.commit();
      },
    };
  },
  'finds nothing': () => ({ lookup: () => 'absent' }),
  'finds everything': () => ({ lookup: () => 'present' }),
  'looks at no size': (group) => ({
    lookup: (name, size) => (group.lookup(name, size) === 'absent' ? 'absent' : 'present'),
  }),
  'discards nothing': () => ({ discard: () => {} }),
  'loses the end of a stream': (group) => ({
    stageStream: (content) => {
      const stream = group.stageStream(content);
      const pieces: Uint8Array[] = [];
      return {
        write: async (bytes) => void pieces.push(Uint8Array.from(bytes)),
        keep: (name, _, sample) => {
          const kept = pieces.slice(0, Math.max(1, pieces.length - 1));
          for (const piece of kept) void stream.write(piece);
          stream.keep(
            name,
            kept.reduce((sum, { length }) => sum + length, 0),
            sample,
          );
        },
        drop: () => stream.drop(),
      };
    },
  }),
  'drops all with a stream': (group) => ({
    stageStream: (content) => {
      const stream = group.stageStream(content);
      return override(stream, { drop: () => group.discard() });
    },
  }),
  'stays full': (group) => {
    let committed = false;
    return {
      get full() {
        return committed || group.full;
      },
      commit: async () => {
        await group.commit();
        committed = true;
      },
    };
  },
  'commits all groups that are open': (group) => {
    openGroups.add(group);
    return {
      commit: async () => void (await Promise.all([...openGroups].map((each) => each.commit()))),
    };
  },
  'refuses what was committed before': (group) => ({
    commit: async () => {
      await group.commit();
      if (group.settled.there.length > 0) throw new Error('it is there');
    },
  }),
  'counts its cost backwards': (group) => ({
    commit: async () => {
      await group.commit();
      group.cost.fileFlushes--;
    },
  }),
  'calls repaired what was there': (group) =>
    settledAs(group, ({ there, repaired }) => ({
      there: [],
      repaired: [...repaired, ...there],
    })),
  'tells of its last commit alone': (group) => {
    let before: Settled<string> = { there: [], repaired: [] };
    return {
      get settled() {
        const { there, repaired } = group.settled;
        return {
          there: there.slice(before.there.length),
          repaired: repaired.slice(before.repaired.length),
        };
      },
      commit: () => {
        before = structuredClone(group.settled);
        return group.commit();
      },
    };
  },
  'never tells what was there': (group) =>
    settledAs(group, ({ repaired }) => ({ there: [], repaired })),
  'knows no samples': () => ({ knowsLarge: () => false }),
  'ignores a rejection': (group) => ({
    commit: () => group.commit().catch(() => {}),
  }),
  'calls for two things at once': (group, openAnother) => {
    const another = openAnother();
    let staged = 0;
    return {
      stage: (name, bytes) => (staged++ % 2 === 0 ? group : another).stage(name, bytes),
      commit: async () => void (await Promise.all([group.commit(), another.commit()])),
    };
  },
  'has a stageClone that shares nothing': () => ({ stageClone: () => undefined }),
};

function settledAs(
  group: AnyGroup,
  change: (settled: Settled<string>) => Settled<string>,
): Partial<AnyGroup> {
  return {
    get settled() {
      return change(group.settled);
    },
  };
}

function wronged(open: () => AnyGroup, defect: string): AnyGroup {
  const group = open();
  return override(group, DEFECTS[defect]?.(group, open) ?? {});
}

export function openMemoryGroup(space: Space, half: GroupHalf, callMain: CallMain): AnyGroup {
  return wronged(() => memory.openMemoryGroup(space, half, callMain), half.settings.defect!);
}

export async function openWorkerHalf(init: unknown, thread: WorkerThread): Promise<WorkerHalf> {
  const { defect } = init as { readonly defect: string };
  if (defect === 'lets one worker in' && thread.number > 1) throw new Error('one is enough');
  const half = await memory.openWorkerHalf(init, thread);
  return { openGroup: (callMain) => wronged(() => half.openGroup(callMain), defect) as Group };
}

/** Finds no damage. */
export async function openCheck(init: unknown, limits: ReadAheadLimits): Promise<Check> {
  const check = await memory.openCheck(init, limits);
  return (digests, onRead) => ({ ...check(digests, onRead), damaged: [] });
}

/** Sees objects that are not there. */
export function openLook(init: unknown): Look {
  const look = memory.openLook(init);
  return (digests) => look(digests).map((size) => Math.max(size, 0));
}
