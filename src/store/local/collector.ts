import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Digest } from '../../digest.ts';
import { failed, isDenied, isIngotError } from '../../errors.ts';
import { type FileOps, flushDirectory, type StoreFd } from '../../files/file-ops.ts';
import type { Libc } from '../../native/libc.ts';
import type {
  CollectOptions,
  Collector,
  LockHolder,
  SliceParts,
  Stuck,
  Taken,
  TakenSpace,
  Unneeded,
} from '../seam/collecting.ts';
import { denialIn } from './on-disk/denial.ts';
import { METADATA, requireFormat, type StoreFormat } from './on-disk/format.ts';
import { requireNoLink as isThere } from './on-disk/metadata-file.ts';
import { isPinned, pinsFolder } from './on-disk/pins.ts';
import { requireLocks } from './on-disk/store-lock.ts';
import { LocalReader } from './reader.ts';
import { forgottenSpace, type LocalSpace, placesOf, spaceOf } from './spaces.ts';
import { requireLocalLocks, requireSnapshots } from './upkeep/collect-refusals.ts';
import { FlushedFolders } from './upkeep/flushed-folders.ts';
import { takeGcLocks } from './upkeep/gc-locks.ts';
import { lockHolders } from './upkeep/lock-holders.ts';
import { fileAt, Removals } from './upkeep/removals.ts';
import { removeUnderLock } from './upkeep/remove-under-lock.ts';
import { emptyTrash } from './upkeep/trash.ts';
import { oldestWriter } from './writers/oldest-writer.ts';

/** A slice begins nothing new after this; others wait for 80 ms at most. */
const SLICE_MS = 55;
/** On a disk whose flushes alone take as long. */
const LEAST_MS = 25;

/** Takes names from a local store. */
export class LocalCollector implements Collector {
  readonly forgotten: LocalReader<string>;
  readonly stuck: Stuck = { count: 0, first: undefined };
  readonly #root: string;
  readonly #ops: FileOps;
  readonly #signal: AbortSignal | undefined;
  readonly #libc: Libc;
  readonly #locks: readonly StoreFd[];
  readonly #isMoving: boolean;
  readonly #spaces: { readonly [S in TakenSpace]: LocalSpace<Digest> };
  readonly #references: LocalSpace<string>;
  readonly #forgottenSpace: LocalSpace<string>;
  /** In which names were taken that are not durably gone. */
  readonly #changed = new Set<string>();
  readonly #waitedFor = new Map<number, LockHolder>();
  readonly #flushed: FlushedFolders;
  #slices = 0;
  #longestSliceMs = 0;
  #waitedMs = 0;

  private constructor(
    root: string,
    { format, libc, locks }: { format: StoreFormat; libc: Libc; locks: readonly StoreFd[] },
    signal: AbortSignal | undefined,
    ops: FileOps,
  ) {
    const places = placesOf(format);
    this.#root = root;
    this.#ops = ops;
    this.#signal = signal;
    this.#flushed = new FlushedFolders(ops);
    this.#libc = libc;
    this.#locks = locks;
    this.#isMoving = places.moving;
    const space = (name: TakenSpace) => spaceOf(name, root, places);
    this.#spaces = { objects: space('objects'), segments: space('segments') };
    this.#references = spaceOf('references', root, places);
    this.#forgottenSpace = forgottenSpace(root);
    this.forgotten = new LocalReader(root, this.#forgottenSpace, ops);
  }

  /** Throws an IngotError; nothing is locked then. */
  static async open(
    root: string,
    { dryRun, thisHostOnly, signal }: CollectOptions,
    ops: FileOps,
  ): Promise<LocalCollector> {
    requireSnapshots(root, requireFormat(root));
    isThere(pinsFolder(root));
    const libc = await requireLocks(root);
    if (!dryRun && !thisHostOnly) requireLocalLocks(root);
    const locks = dryRun ? [] : takeGcLocks(root, libc, ops);
    try {
      // Not before: a relayout may have changed it.
      const parts = { format: requireFormat(root), libc, locks };
      const collector = new LocalCollector(root, parts, signal, ops);
      if (!dryRun) collector.#orFail(() => emptyTrash(root, ops));
      return collector;
    } catch (error) {
      for (const fd of locks) ops.closeSync(fd);
      throw error;
    }
  }

  get times() {
    return {
      slices: this.#slices,
      longestSliceMs: this.#longestSliceMs,
      waitedMs: this.#waitedMs,
      waitedFor: [...this.#waitedFor.values()],
    };
  }

  oldestWriter(): Promise<number> {
    return oldestWriter(this.#root, this.#libc);
  }

  async takeSlice(parts: SliceParts, taken: Taken): Promise<readonly string[]> {
    // Who waits for the lock keeps the gate: no pause is needed but for this thread's own events.
    await nextTurn();
    const asked = performance.now();
    let held = asked;
    let unknown: readonly string[] = [];
    const mayBegin = () => {
      held = performance.now();
      unknown = [...this.#references.list(undefined)].filter((name) => !parts.isKnown(name));
      return unknown.length === 0;
    };
    await removeUnderLock(this.#root, () => this.#take(parts, taken, held), {
      ...{ ops: this.#ops, signal: this.#signal, mayBegin, onWaiting: () => this.#noteHolders() },
    });
    const released = performance.now();
    this.#waitedMs += held - asked;
    if (unknown.length > 0) return unknown;
    this.#slices++;
    this.#longestSliceMs = Math.max(this.#longestSliceMs, released - held);
    this.#orFail(() => emptyTrash(this.#root, this.#ops));
    return unknown;
  }

  #take({ space, next, olderThan }: SliceParts, taken: Taken, held: number): void {
    // What was forgotten by a process that was killed could come back in a power cut.
    this.#flushReferences();
    const keeps = space === 'objects' && isThere(pinsFolder(this.#root));
    const until = Math.max(held + SLICE_MS, performance.now() + LEAST_MS);
    const removals = new Removals(this.#root, this.#changed, this.#ops);
    const takeAt = (path: string, one: Unneeded): number | undefined => {
      try {
        return removals.take(path, one, olderThan);
      } catch (error) {
        this.#noteStuck(path, error);
        return undefined;
      }
    };
    try {
      do {
        const one = next();
        if (one === undefined) return;
        if (keeps && this.#orFail(() => isPinned(this.#root, one.name))) continue;
        const size = this.#takeOne(this.#spaces[space], one, takeAt);
        if (size === undefined) continue;
        taken.count++;
        taken.bytes += size;
      } while (performance.now() < until);
    } finally {
      removals.close();
    }
  }

  /** Its size; undefined where there is nothing to take. */
  #takeOne(
    { pathOf, candidatesOf }: LocalSpace<Digest>,
    one: Unneeded,
    takeAt: (path: string, one: Unneeded) => number | undefined,
  ): number | undefined {
    const expected = pathOf(one.name);
    let size = takeAt(expected, one);
    // Only a relayout leaves one elsewhere.
    if (size !== undefined && !this.#isMoving) return size;
    for (const path of candidatesOf(one.name))
      if (path !== expected) size = takeAt(path, { name: one.name, size: undefined }) ?? size;
    return size;
  }

  /** What another user keeps hides nothing else. Throws what is wrong with the disk. */
  #noteStuck(path: string, error: unknown): void {
    const failure = this.#failure(error, path);
    if (!isDenied(error) || !isIngotError(failure)) throw failure;
    this.stuck.count++;
    this.stuck.first ??= failure.toFailure();
  }

  sizeOf(name: Digest, { space, olderThan }: Pick<SliceParts, 'space' | 'olderThan'>) {
    if (space === 'objects' && this.#orFail(() => isPinned(this.#root, name))) return undefined;
    for (const path of this.#spaces[space].candidatesOf(name)) {
      const size = this.#orFail(() => fileAt(path, olderThan));
      if (size !== undefined) return size;
    }
    return undefined;
  }

  flush(): void {
    for (const folder of this.#changed)
      this.#orFail(() => flushDirectory(this.#ops, folder), folder);
    this.#changed.clear();
  }

  async takeReferences(names: readonly string[]): Promise<number> {
    this.#orFail(() => this.#flushReferences());
    return this.forgotten.remove(names);
  }

  close(): void {
    for (const fd of this.#locks) this.#ops.closeSync(fd);
  }

  /** And pins, which may be why an object stays that a reference named. */
  #flushReferences(): void {
    const folders = ['snapshots', 'forgotten'].map((name) => join(this.#root, METADATA, name));
    for (const folder of [...folders, pinsFolder(this.#root)])
      if (isThere(folder)) this.#flushed.flush(folder);
  }

  #noteHolders(): void {
    for (const holder of lockHolders(join(this.#root, METADATA, 'lock')))
      this.#waitedFor.set(holder.pid, holder);
  }

  #orFail<T>(step: () => T, path = this.#root): T {
    try {
      return step();
    } catch (error) {
      throw this.#failure(error, path);
    }
  }

  #failure(error: unknown, path: string): Error {
    const what = 'cannot take away what nobody needs';
    const hint = 'nothing that a snapshot needs has gone; run it again to go on';
    return failed(what, error, { path, hint, ...denialIn(this.#root, error, path) });
  }
}
