/** How a memory engine is read and verified. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Digest } from '../../dist/src/digest.js';
import { IngotError } from '../../dist/src/errors.js';
import type {
  ListOptions,
  OpenContent,
  Range,
  ReadHalf,
  Stored,
} from '../../dist/src/store/seam/read.js';
import { damaged, notFound } from '../../dist/src/store/seam/refusals.js';
import type { DamagedObject, StoreTotals, Verifier } from '../../dist/src/store/seam/upkeep.js';
import type { ModuleSource, Space } from '../../dist/src/store/seam/write.js';
import { MEMORY_MODULE } from './memory-main-half.ts';
import { ADDRESS, type MemoryStore } from './memory-store.ts';

/** Few, so that a list of few names has many pages. */
const PAGE = 7;

export class MemoryReader<Name extends string> implements ReadHalf<Name> {
  readonly #store: MemoryStore;
  readonly #space: Space;

  constructor(store: MemoryStore, space: Space) {
    this.#store = store;
    this.#space = space;
  }

  async stat(name: Name): Promise<Stored | undefined> {
    const bytes = this.#contents.get(name);
    return bytes && { size: bytes.length, path: this.#pathOf(name) };
  }

  async open(name: Name, range?: Range): Promise<OpenContent> {
    const path = this.#pathOf(name);
    if (this.#store.unreadable.has(name)) throw damaged(path, name, 'it has no content');
    const bytes = this.#contents.get(name);
    if (bytes === undefined) throw notFound(name, ADDRESS);
    return openBytes(bytes, path, range);
  }

  async readWhole(name: Name, most: number): Promise<Buffer | undefined> {
    const content = await this.open(name);
    const bytes = Buffer.alloc(content.size);
    await content.read(bytes);
    return bytes.length > most ? undefined : bytes;
  }

  async *list({ signal, onRefused }: ListOptions = {}): AsyncGenerator<readonly Name[]> {
    for (const path of this.#space === 'objects' ? this.#store.unlistable : []) {
      const error = new IngotError({ what: 'cannot list objects', code: 'EACCES', path });
      if (onRefused === undefined) throw error;
      onRefused(path, error);
    }
    let page: Name[] = [];
    for (const name of this.#contents.keys()) {
      signal?.throwIfAborted();
      page.push(name as Name);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
      await nextTurn();
    }
    if (page.length > 0) yield page;
  }

  async remove(names: readonly Name[]): Promise<number> {
    return names.filter((name) => this.#store.remove(this.#space, name)).length;
  }

  get #contents(): Map<string, Uint8Array> {
    return this.#store.spaces[this.#space];
  }

  #pathOf(name: string): string {
    return `${ADDRESS}/${this.#space}/${name}`;
  }
}

function openBytes(bytes: Uint8Array, path: string, range?: Range): OpenContent {
  const { from, to } = range ?? { from: 0, to: bytes.length };
  let left = bytes.subarray(from, to);
  return {
    path,
    size: bytes.length,
    read: async (into) => {
      const read = left.subarray(0, into.length);
      into.set(read);
      left = left.subarray(read.length);
      return read.length;
    },
    close: async () => {},
  };
}

export class MemoryVerifier implements Verifier {
  readonly #store: MemoryStore;
  readonly #reader: MemoryReader<Digest>;

  constructor(store: MemoryStore) {
    this.#store = store;
    this.#reader = new MemoryReader(store, 'objects');
  }

  get worker(): ModuleSource {
    return { module: MEMORY_MODULE, init: { contents: this.#store.spaces.objects } };
  }

  list(options?: ListOptions): AsyncIterable<readonly Digest[]> {
    return this.#reader.list(options);
  }

  async count(): Promise<StoreTotals> {
    const contents = [...this.#store.spaces.objects.values()];
    const bytes = contents.reduce((sum, { length }) => sum + length, 0);
    return { objects: contents.length, bytes };
  }

  async quarantine(
    { digest }: DamagedObject,
    signal?: AbortSignal,
  ): ReturnType<Verifier['quarantine']> {
    while (this.#store.holds > 0) {
      signal?.throwIfAborted();
      await nextTurn();
    }
    const bytes = this.#store.spaces.objects.get(digest);
    if (bytes === undefined) return {};
    this.#store.changeGeneration();
    this.#store.remove('objects', digest);
    this.#store.quarantined.set(digest, bytes);
    return { moved: `${ADDRESS}/quarantine/${digest}` };
  }

  countUnsettled(): number {
    return 0;
  }
}
