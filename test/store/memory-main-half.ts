/** The main thread's half of a memory engine. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../../dist/src/digest.js';
import { type Failure, IngotError } from '../../dist/src/errors.js';
import type { EngineModule } from '../../dist/src/store/seam/engine.js';
import type {
  CallMain,
  End,
  FlushReport,
  Group,
  Hold,
  MainHalf,
  ModuleSource,
  Names,
  Opened,
  Space,
  WriteOptions,
} from '../../dist/src/store/seam/write.js';
import { ADDRESS, type Known, type MemoryStore, type Misbehaviour } from './memory-store.ts';

export const MEMORY_MODULE = new URL('../fixtures/memory-engine.mjs', import.meta.url).href;

/** What the fixture exports. */
export interface MemoryModule extends EngineModule {
  openMemoryGroup<S extends Space>(space: S, half: GroupHalf, callMain: CallMain): Group<Names[S]>;
}

export interface Settings {
  readonly lookups: NonNullable<Misbehaviour['lookups']>;
  readonly groupOf: number;
  readonly verifyHits: boolean;
  readonly dryRun: boolean;
  readonly defect: string | undefined;
}

export interface GroupHalf {
  readonly find: (name: string) => Known | undefined;
  readonly samples: Set<string>;
  readonly settings: Settings;
}

/** What a group asks to be published. */
export interface Commit {
  readonly space: Space;
  readonly contents: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly samples: readonly string[];
  /** What look-ups have found damaged. */
  readonly damaged: ReadonlySet<string>;
  /** What look-ups have found. */
  readonly hits: ReadonlySet<string>;
}

/** What became of it. */
export interface Committed {
  readonly there: Digest[];
  readonly repaired: Digest[];
  readonly failure?: Failure;
}

export class MemoryMainHalf implements MainHalf {
  readonly maxStaged = 64;
  readonly opened: Opened;
  readonly worker: ModuleSource;
  readonly #store: MemoryStore;
  readonly #misbehaviour: Misbehaviour;
  readonly #settings: Settings;
  readonly #dryRun: boolean;
  readonly #memory: MemoryModule;
  readonly #holds = new Set<() => void>();
  #flushFailed = false;
  #barriers = 0;

  private constructor(
    store: MemoryStore,
    { verifyHits, dryRun }: WriteOptions,
    misbehaviour: Misbehaviour,
    memory: MemoryModule,
  ) {
    const { lookups = 'true', groupOf = 100, dies, groups } = misbehaviour;
    this.#store = store;
    this.#misbehaviour = misbehaviour;
    this.#dryRun = dryRun;
    this.#memory = memory;
    const defect = groups?.defect;
    this.#settings = { lookups, groupOf, verifyHits, dryRun, defect };
    const names = [...store.spaces.objects.keys()];
    const known = new Map(names.map((name) => [name, store.find('objects', name)]));
    const init = { known, samples: store.samples, ...this.#settings, dies };
    this.worker = { module: moduleOf(misbehaviour), init };
    this.opened = {
      swept: dryRun ? 0 : store.dead,
      notices: [],
      layout: undefined,
      barrier: undefined,
      generation: dryRun ? undefined : store.generation,
    };
  }

  static async open(
    store: MemoryStore,
    options: WriteOptions,
    misbehaviour: Misbehaviour,
  ): Promise<MemoryMainHalf> {
    const memory = (await import(moduleOf(misbehaviour))) as MemoryModule;
    if (options.snapshots && !options.dryRun) store.generation ??= randomBytes(16).toString('hex');
    const half = new MemoryMainHalf(store, options, misbehaviour, memory);
    if (options.dryRun) return half;
    store.dead = 0;
    store.live++;
    return half;
  }

  openGroup<S extends Space>(space: S): Group<Names[S]> {
    const store = this.#store;
    const half = {
      find: (name: string) => store.find(space, name),
      samples: store.samples,
      settings: this.#settings,
    };
    const callMain = (message: unknown) => this.#commit(message as Commit, 'names, too');
    return this.#memory.openMemoryGroup(space, half, callMain);
  }

  async answer(message: unknown): Promise<unknown> {
    if (typeof message !== 'object' || message === null || !('contents' in message))
      throw new Error('unknown message from a worker half');
    return this.#commit(message as Commit, 'names later');
  }

  async #commit(commit: Commit, durable: 'names, too' | 'names later'): Promise<Committed> {
    const { slowMs, losesReply } = this.#misbehaviour;
    if (slowMs !== undefined) await delay(slowMs);
    const committed = this.#publish(commit, durable);
    if (++this.#store.commits === losesReply) throw new IngotError(REPLY_LOST);
    return committed;
  }

  #publish({ space, contents, samples, damaged, hits }: Commit, durable: string): Committed {
    const committed: Committed = { there: [], repaired: [] };
    const flushFails = this.#misbehaviour.flush === 'fails at commit';
    if (!this.#flush(flushFails, [])) return { ...committed, failure: NOT_DURABLE };
    for (const { name, bytes } of contents) {
      if (!this.#hasRoom(bytes.length)) return { ...committed, failure: FULL };
      this.#publishOne(space, { name, bytes, isDamaged: damaged.has(name) }, committed);
    }
    for (const sample of samples) this.#store.samples.add(sample);
    if (durable === 'names, too') {
      const names = [...contents.map(({ name }) => name), ...hits];
      this.#flush(
        false,
        names.map((name) => `${space} ${name}`),
      );
    }
    return committed;
  }

  #publishOne(
    space: Space,
    { name, bytes, isDamaged }: { name: string; bytes: Uint8Array; isDamaged: boolean },
    { there, repaired }: Committed,
  ): void {
    const found = this.#store.find(space, name);
    const mayReplace = space === 'objects' && (isDamaged || found?.size !== bytes.length);
    if (found === undefined || mayReplace) this.#store.put(space, name, bytes);
    if (found !== undefined) (mayReplace ? repaired : there).push(name as Digest);
  }

  #hasRoom(bytes: number): boolean {
    const { room = Number.POSITIVE_INFINITY } = this.#misbehaviour;
    return this.#store.bytes + bytes <= room;
  }

  /** Nothing is flushed again once a flush has failed. */
  #flush(fails: boolean, names?: readonly string[]): boolean {
    if (this.#flushFailed) return false;
    this.#barriers++;
    this.#flushFailed = !this.#store.flush(fails, names);
    return !this.#flushFailed;
  }

  async flush(signal?: AbortSignal): Promise<void> {
    this.#store.ends.push('flush');
    if (this.#dryRun) return;
    signal?.throwIfAborted();
    if (!this.#flush(this.#misbehaviour.flush === 'fails at end'))
      throw new IngotError(NOT_DURABLE);
  }

  get flushes(): FlushReport {
    return { barriers: this.#barriers, directoryFlushes: 0 };
  }

  async hold(signal?: AbortSignal): Promise<Hold> {
    signal?.throwIfAborted();
    if (this.#dryRun) return { generation: undefined, release: () => {} };
    const release = () => {
      if (this.#holds.delete(release)) this.#store.holds--;
    };
    this.#holds.add(release);
    this.#store.holds++;
    return { generation: this.#store.generation, release };
  }

  async end(how: End): Promise<void> {
    for (const release of this.#holds) release();
    if (!this.#dryRun) this.#store.live--;
    this.#store.ends.push(how);
  }
}

function moduleOf({ groups }: Misbehaviour): string {
  return groups?.module ?? MEMORY_MODULE;
}

const NOT_DURABLE: Failure = {
  what: 'cannot make objects durable',
  code: 'EIO',
  kind: 'flush',
  path: ADDRESS,
};

const FULL: Failure = {
  what: 'cannot write an object',
  code: 'ENOSPC',
  kind: 'full',
  path: ADDRESS,
};

const REPLY_LOST: Failure = {
  what: 'the store did not answer',
  code: 'ECONNRESET',
  path: ADDRESS,
};
