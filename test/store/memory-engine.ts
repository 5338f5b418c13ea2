/**
 * An engine whose contents live in the memory of the main thread. It has no folder, layout or barrier,
 * works across worker threads and can be told to misbehave.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Digest } from '../../dist/src/digest.js';
import { IngotError } from '../../dist/src/errors.js';
import type { Engine, OpenStoreOptions, StoreFacts } from '../../dist/src/store/seam/engine.js';
import type { ReadHalf } from '../../dist/src/store/seam/read.js';
import { notOffered } from '../../dist/src/store/seam/refusals.js';
import type { StatsOptions, StoreStats, Verifier } from '../../dist/src/store/seam/upkeep.js';
import type {
  MainHalf,
  ModuleSource,
  Names,
  Space,
  WriteOptions,
} from '../../dist/src/store/seam/write.js';
import { MemoryMainHalf } from './memory-main-half.ts';
import { MemoryReader, MemoryVerifier } from './memory-reader.ts';
import { ADDRESS, MemoryStore, type Misbehaviour } from './memory-store.ts';

export class MemoryEngine implements Engine {
  readonly address = ADDRESS;
  readonly folder = undefined;
  readonly #store: MemoryStore;
  readonly #misbehaviour: Misbehaviour;

  constructor(store = new MemoryStore(), misbehaviour: Misbehaviour = {}) {
    this.#store = store;
    this.#misbehaviour = misbehaviour;
  }

  async open({ create, layout, sharing }: OpenStoreOptions): Promise<StoreFacts> {
    refuse({ layout, sharing });
    if (create) this.#store.exists = true;
    this.#requireStore();
    return { layout: undefined };
  }

  async openWriter(options: WriteOptions): Promise<MainHalf> {
    const { barrier, layout, sharing, dryRun } = options;
    refuse({ layout, sharing, barrier: barrier === 'auto' ? undefined : barrier });
    if (!dryRun) this.#store.exists = true;
    return MemoryMainHalf.open(this.#store, options, this.#misbehaviour);
  }

  async openReader<S extends Space>(space: S): Promise<ReadHalf<Names[S]>> {
    this.#requireStore();
    return new MemoryReader<Names[S]>(this.#store, space);
  }

  async threadReader(): Promise<ModuleSource> {
    this.#requireStore();
    return new MemoryVerifier(this.#store).worker;
  }

  async openVerifier(): Promise<Verifier> {
    this.#requireStore();
    return new MemoryVerifier(this.#store);
  }

  async stats({ signal, onProgress, onObject }: StatsOptions): Promise<StoreStats> {
    this.#requireStore();
    await nextTurn();
    signal?.throwIfAborted();
    const { spaces, live, dead, quarantined } = this.#store;
    const sizes = [...spaces.objects].map(([digest, { length }]) => ({ digest, size: length }));
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0] as StoreStats['largest'];
    for (const { digest, size } of sizes) onObject?.(digest as Digest, size);
    onProgress?.(sizes.length);
    return {
      root: ADDRESS,
      format: 1,
      layout: undefined,
      movingFrom: undefined,
      objects: sizes.length,
      bytes: sizes.reduce((sum, { size }) => sum + size, 0),
      largest,
      writers: { alive: live, dead, liveTemps: 0, deadTemps: dead },
      quarantined: quarantined.size,
      unreadable: 0,
      unsettled: 0,
      fileSystem: undefined,
    };
  }

  async warning(): Promise<undefined> {
    return undefined;
  }

  async warningOfNew(): Promise<undefined> {
    return undefined;
  }

  #requireStore(): void {
    if (this.#store.exists) return;
    throw new IngotError({
      what: 'no store',
      code: 'INGOT_NO_STORE',
      path: ADDRESS,
      why: 'nothing was stored yet',
    });
  }
}

/** Throws a UsageError for what this engine does not have. */
function refuse(wanted: Readonly<Record<string, string | undefined>>): void {
  for (const [what, value] of Object.entries(wanted))
    if (value !== undefined) throw notOffered(`choose ${what} ${value}`, ADDRESS);
}
