import { bestEffort, failed, hasErrno } from '../../errors.ts';
import {
  confirmFlush,
  type FileOps,
  flushDirectory,
  nodeFileOps,
  type StoreFd,
} from '../../files/file-ops.ts';
import type { Layout } from '../choices.ts';
import type { FlushReport, MainHalf } from '../seam.ts';
import { denialIn } from './on-disk/denial.ts';
import { requireFormat } from './on-disk/format.ts';
import { objectFolders } from './on-disk/layout.ts';
import { type OpenWriter, openWriter, type WriteOptions } from './open-writer.ts';
import { BarrierCoordinator } from './publish/barrier.ts';
import { namesNotDurable } from './publish/name-flush.ts';
import { requireKeptSince } from './upkeep/quarantine.ts';
import { readBackUnflushed } from './upkeep/unflushed.ts';
import type { LocalWorkerInit } from './worker-half.ts';
import type { Writer } from './writers/writer.ts';

/** The main thread's half of a local store: the writer, the shared barrier, the last flush. */
export class LocalMainHalf implements MainHalf {
  readonly workerInit: LocalWorkerInit;
  /** Temps of dead writers that were removed on open. */
  readonly swept: number;
  /** At the end all objects are read back: some may be of a run that flushed nothing. */
  readonly readsBack: boolean;
  /** What the user should know of this place. */
  readonly notices: readonly string[];
  /** What lay in quarantine on open. */
  readonly #quarantined: ReadonlySet<string>;
  readonly #writer: Writer | undefined;
  readonly #coordinator: BarrierCoordinator;
  /** Open for the whole run: write-back errors are reported to descriptors opened before them. */
  readonly #rootFd: StoreFd | undefined;
  readonly #ops: FileOps;

  private constructor(opened: OpenWriter, ops: FileOps) {
    this.workerInit = opened.workerInit;
    this.swept = opened.swept;
    this.readsBack = opened.readsBack;
    this.notices = opened.notices;
    this.#quarantined = opened.quarantined;
    this.#writer = opened.writer;
    this.#rootFd = opened.rootFd;
    // Called only where chooseBarrier took syncfs, and so had libc, for a store that is there.
    const flush = () => opened.libc!.syncfs(opened.rootFd!);
    this.#coordinator = new BarrierCoordinator(flush, opened.workerInit.root);
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

  async finish(signal?: AbortSignal): Promise<FlushReport> {
    const { root } = this.workerInit;
    let directoryFlushes: number;
    try {
      directoryFlushes = await this.#flushNames(signal);
    } catch (error) {
      this.abandon();
      throw namesNotDurable(error, root);
    }
    try {
      // Not before: a relayout that waits for this writer would move what is not durable yet.
      this.#writer?.close();
    } catch (error) {
      const what = 'cannot remove the temps of this run';
      throw failed(what, error, { path: root, ...denialIn(root, error) });
    } finally {
      this.#closeRoot();
    }
    return { barriers: this.#coordinator.count, directoryFlushes };
  }

  /** Gives the number of directories that were flushed. */
  async #flushNames(signal: AbortSignal | undefined): Promise<number> {
    const { durability, root, format, barrier } = this.workerInit;
    if (this.#writer === undefined || durability === 'none') return 0;
    const syncfs = barrier === 'syncfs' ? () => this.#coordinator.wait() : undefined;
    await readBackUnflushed(root, format.layout, this.#ops, { syncfs, signal });
    // Another one may have read it back meanwhile, or a verify have found damage.
    requireKeptSince(root, format.layout, this.#quarantined);
    return objectFolders(root, this.#foldersIn()).filter((folder) => this.#flushFolder(folder))
      .length;
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

  abandon(): void {
    // The run has failed already: what cannot be removed now is swept on the next open.
    bestEffort(() => this.#writer?.close());
    this.#closeRoot();
  }

  #closeRoot(): void {
    if (this.#rootFd !== undefined) this.#ops.closeSync(this.#rootFd);
  }
}
