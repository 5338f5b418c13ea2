/**
 * Groups of the main thread: each is durable at its commit, names included. Many at once share their
 * flushes.
 */
import { dirname } from 'node:path';
import type { FileOps } from '../../files/file-ops.ts';
import type { Libc } from '../../native/libc.ts';
import type {
  Group,
  Names,
  Presence,
  Settled,
  Space,
  StoreCost,
  StreamedContent,
  StreamStage,
} from '../seam/write.ts';
import type { LocalGroup } from './group.ts';
import { NameFlush } from './publish/name-flush.ts';
import { openTemps } from './publish/open-temps.ts';
import { TempFlush } from './publish/temp-flush.ts';
import { type LocalSpace, placesOf, spaceOf } from './spaces.ts';
import { unflushedMarks } from './upkeep/unflushed.ts';
import { LocalWorkerHalf, type LocalWorkerInit } from './worker-half.ts';

/** Workers have numbers of their own, from 1 on. */
const NUMBER = 0;

export class MainGroups {
  readonly #init: LocalWorkerInit;
  readonly #half: LocalWorkerHalf;
  readonly #names: NameFlush;

  /** `syncfs` is given where it is the barrier. Throws an IngotError. */
  constructor(
    init: LocalWorkerInit,
    libc: Libc | undefined,
    ops: FileOps,
    syncfs: (() => Promise<unknown>) | undefined,
  ) {
    // What is staged here is not claimed anywhere: the disk has to be asked, empty on open or not.
    const asked = { wasEmpty: false, barrier: 'fsync', namelessTemps: false } as const;
    const { maxOpenTemps } = openTemps(init.durability, 'fsync', 1);
    this.#init = { ...init, ...asked, maxOpenTemps };
    const flush = new TempFlush(ops, syncfs);
    this.#half = new LocalWorkerHalf(this.#init, NUMBER, libc, ops, (temps) => flush.wait(temps));
    this.#names = new NameFlush(ops);
  }

  get foldersFlushed(): number {
    return this.#names.count;
  }

  /** Temps that may be open at once. */
  get maxStaged(): number {
    return this.#init.maxOpenTemps;
  }

  /** Flushes of names that are asked for at once are one. */
  flushNames(folder: string): Promise<void> {
    return this.#names.wait([folder]);
  }

  open<S extends Space>(space: S): Group<Names[S]> {
    const { root, format, durability } = this.#init;
    const place = spaceOf(space, root, placesOf(format));
    const inner = this.#half.openGroupOf(place, unasked);
    return durability === 'none' ? inner : new DurableGroup(inner, place, this.#names, root);
  }
}

/** Its commit flushes names, and it relies on no hit that may not be durable. */
class DurableGroup<Name extends string> implements Group<Name> {
  readonly #inner: LocalGroup<Name>;
  readonly #space: LocalSpace<Name>;
  readonly #names: NameFlush;
  readonly #root: string;
  readonly #folders = new Set<string>();
  /** They are there, and may not be durable: their content is stored anew, and replaced. */
  readonly #doubtful = new Set<Name>();
  #doubtfulStaged: Name[] = [];

  constructor(inner: LocalGroup<Name>, space: LocalSpace<Name>, names: NameFlush, root: string) {
    this.#inner = inner;
    this.#space = space;
    this.#names = names;
    this.#root = root;
  }

  get full(): boolean {
    return this.#inner.full;
  }

  get settled(): Settled<Name> {
    return this.#inner.settled;
  }

  get cost(): StoreCost {
    return this.#inner.cost;
  }

  lookup(name: Name, size: number): Presence {
    this.#flushes(name);
    // Before and after: a mark may be set, or be removed with an object that is lost, meanwhile.
    const wasDoubtful = this.#mayBeUnflushed();
    const presence = this.#inner.lookup(name, size);
    if (presence !== 'present' || !(wasDoubtful || this.#mayBeUnflushed())) return presence;
    this.#doubtful.add(name);
    return 'unknown';
  }

  stage(name: Name, bytes: Uint8Array): void {
    this.#inner.stage(name, bytes);
    this.#staged(name);
  }

  stageStream(content: StreamedContent): StreamStage<Name> {
    const stage = this.#inner.stageStream(content);
    return {
      write: (bytes) => stage.write(bytes),
      keep: (name, size, sample) => {
        stage.keep(name, size, sample);
        this.#staged(name);
      },
      drop: () => stage.drop(),
    };
  }

  knowsLarge(size: number, sample: string): boolean {
    return this.#inner.knowsLarge(size, sample);
  }

  async commit(): Promise<void> {
    await this.#inner.commit();
    this.settled.there.push(...this.#doubtfulStaged);
    this.#doubtfulStaged = [];
    // Of hits, too: the rename of another writer may not be durable yet.
    await this.#names.wait([...this.#folders]);
    this.#folders.clear();
  }

  discard(): void {
    this.#inner.discard();
    this.#doubtfulStaged = [];
  }

  #staged(name: Name): void {
    this.#flushes(name);
    if (this.#doubtful.delete(name)) this.#doubtfulStaged.push(name);
  }

  /** In both layouts, where a relayout is under way. */
  #flushes(name: Name): void {
    for (const path of [this.#space.pathOf(name), this.#space.otherPathOf(name)])
      if (path !== undefined) this.#folders.add(dirname(path));
  }

  /** Only objects are ever stored without a flush. */
  #mayBeUnflushed(): boolean {
    return this.#space.replace !== undefined && unflushedMarks(this.#root).length > 0;
  }
}

/** Its groups flush their temps themselves. */
function unasked(): never {
  throw new Error('a group of the main thread asked for a barrier');
}
