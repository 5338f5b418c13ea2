import type { Digest } from '../../digest.ts';
import { bestEffort, failed, hasErrno } from '../../errors.ts';
import {
  confirmFlush,
  type FileOps,
  flushDirectory,
  nodeFileOps,
  type StoreFd,
} from '../../files/file-ops.ts';
import type { Libc } from '../../native/libc.ts';
import type { Layout } from '../choices.ts';
import type {
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
} from '../seam/write.ts';
import { holdNames } from './hold.ts';
import { localModule } from './local-module.ts';
import { MainGroups } from './main-groups.ts';
import { denialIn } from './on-disk/denial.ts';
import { requireFormat } from './on-disk/format.ts';
import { objectFolders } from './on-disk/layout.ts';
import { makePin, pinsFolder } from './on-disk/pins.ts';
import { recordFolder } from './on-disk/record-folder.ts';
import { type OpenWriter, openWriter } from './open-writer.ts';
import { BarrierCoordinator } from './publish/barrier.ts';
import { namesNotDurable } from './publish/name-flush.ts';
import { requireKeptSince } from './upkeep/objects-lost.ts';
import { readBackUnflushed } from './upkeep/unflushed.ts';
import type { LocalWorkerInit } from './worker-half.ts';
import type { Writer } from './writers/writer.ts';

/** The main thread's half of a local store: the writer, the shared barrier, the last flush. */
export class LocalMainHalf implements MainHalf {
  readonly opened: Opened;
  readonly workerInit: LocalWorkerInit;
  /** What lay in quarantine on open. */
  readonly #quarantined: ReadonlySet<string>;
  readonly #writer: Writer | undefined;
  readonly #coordinator: BarrierCoordinator;
  /** Open for the whole run: write-back errors are reported to descriptors opened before them. */
  readonly #rootFd: StoreFd | undefined;
  readonly #libc: Libc | undefined;
  readonly #ops: FileOps;
  #groups: MainGroups | undefined;
  #foldersFlushed = 0;
  readonly #holds = new Set<Hold>();

  private constructor(writer: OpenWriter, ops: FileOps) {
    const { swept, notices, workerInit } = writer;
    const { barrier, format } = workerInit;
    const { generation } = writer;
    this.opened = { swept, notices, barrier, layout: format.layout, generation };
    this.workerInit = workerInit;
    this.#quarantined = writer.quarantined;
    this.#writer = writer.writer;
    this.#rootFd = writer.rootFd;
    this.#libc = writer.libc;
    // Called only where chooseBarrier took syncfs, and so had libc, for a store that is there.
    const flush = () => writer.libc!.syncfs(writer.rootFd!);
    this.#coordinator = new BarrierCoordinator(flush, workerInit.root);
    this.#ops = ops;
  }

  /**
   * Opens a store for writing: creates it if it is missing, sweeps what dead writers left, and
   * takes a writer's folder and lock. Throws an IngotError; nothing is left behind then.
   */
  static async open(
    root: string,
    options: WriteOptions,
    ops: FileOps = nodeFileOps,
  ): Promise<LocalMainHalf> {
    return new LocalMainHalf(await openWriter(root, options, ops), ops);
  }

  answer(message: unknown): Promise<unknown> {
    if (message === 'barrier') return this.#coordinator.wait();
    return Promise.reject(new Error(`unknown message from a worker half: ${String(message)}`));
  }

  get worker(): ModuleSource {
    return { module: localModule(), init: this.workerInit };
  }

  openGroup<S extends Space>(space: S): Group<Names[S]> {
    return this.#mainGroups.open(space);
  }

  get maxStaged(): number {
    return this.#mainGroups.maxStaged;
  }

  get #mainGroups(): MainGroups {
    this.#groups ??= new MainGroups(this.workerInit, this.#libc, this.#ops, this.#syncfs);
    return this.#groups;
  }

  /** Undefined where it is not the barrier. */
  get #syncfs(): (() => Promise<void>) | undefined {
    return this.workerInit.barrier === 'syncfs' ? () => this.#coordinator.wait() : undefined;
  }

  async flush(signal?: AbortSignal): Promise<void> {
    const { durability, root } = this.workerInit;
    if (this.#writer === undefined || durability === 'none') return;
    try {
      await this.#flushNames(signal);
    } catch (error) {
      if (error === signal?.reason) throw error;
      throw namesNotDurable(error, root);
    }
  }

  async #flushNames(signal: AbortSignal | undefined): Promise<void> {
    const { root, format } = this.workerInit;
    await readBackUnflushed(root, format.layout, this.#ops, { syncfs: this.#syncfs, signal });
    // Another one may have read it back meanwhile, or a verify have found damage.
    requireKeptSince(root, format.layout, this.#quarantined);
    for (const folder of objectFolders(root, this.#foldersIn()))
      if (this.#flushFolder(folder)) this.#foldersFlushed++;
  }

  get flushes(): FlushReport {
    const ofGroups = this.#groups?.foldersFlushed ?? 0;
    return {
      barriers: this.#coordinator.count,
      directoryFlushes: this.#foldersFlushed + ofGroups,
    };
  }

  async hold(signal?: AbortSignal): Promise<Hold> {
    if (this.#writer === undefined) return { generation: undefined, release: () => {} };
    const held = await holdNames(this.workerInit.root, this.#ops, signal);
    this.#holds.add(held);
    const release = () => {
      if (this.#holds.delete(held)) held.release();
    };
    return { generation: held.generation, release };
  }

  async pin(digest: Digest, signal?: AbortSignal): Promise<void> {
    const { root } = this.workerInit;
    for (let wasHeld = false; !wasHeld; ) {
      const { generation, release } = await this.hold(signal);
      try {
        makePin(root, digest, this.#ops);
      } finally {
        release();
      }
      // A store of format 1 has no lock. It may have become one of format 2 meanwhile.
      wasHeld = generation !== undefined || requireFormat(root).format === 1;
    }
  }

  async flushPins(): Promise<void> {
    const { root, durability } = this.workerInit;
    if (durability !== 'none') await this.#mainGroups.flushNames(pinsFolder(root));
  }

  cacheFolder(): string | undefined {
    return recordFolder(this.workerInit.root, this.#writer !== undefined, this.#ops);
  }

  /** After the flush: a relayout that waits for this writer would move what is not durable yet. */
  async end(how: End): Promise<void> {
    if (how === 'failed') return bestEffort(() => this.#close());
    const { root } = this.workerInit;
    try {
      this.#close();
    } catch (error) {
      const what = 'cannot remove the temps of this run';
      throw failed(what, error, { path: root, ...denialIn(root, error) });
    }
  }

  #close(): void {
    try {
      for (const hold of this.#holds) hold.release();
      this.#writer?.close();
    } finally {
      if (this.#rootFd !== undefined) this.#ops.closeSync(this.#rootFd);
    }
  }

  /** Beside a relayout an object may lie in either layout; `sharded` has the top, too. */
  #foldersIn(): Layout {
    const { root, format } = this.workerInit;
    const now = requireFormat(root);
    const isAtRest = format.movingFrom === undefined && now.movingFrom === undefined;
    return isAtRest && now.layout === format.layout ? format.layout : 'sharded';
  }

  #flushFolder(folder: string): boolean {
    if (folder === this.workerInit.root) {
      this.#ops.fsyncSync(this.#rootFd!);
      confirmFlush(this.#ops, folder);
      return true;
    }
    try {
      flushDirectory(this.#ops, folder);
      return true;
    } catch (error) {
      // A shard that a user removed while it was empty: it holds no names.
      if (hasErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }
}
