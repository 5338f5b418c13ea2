import fs from 'node:fs';
import { join } from 'node:path';
import { requireOneOf } from '../../checked.ts';
import { bestEffort, errnoOf, failed } from '../../errors.ts';
import {
  confirmFlush,
  type FileOps,
  flushDirectory,
  nodeFileOps,
  openDirectory,
} from '../../files/file-ops.ts';
import { sweepTempsOf } from '../../files/locked-temp.ts';
import { type Libc, loadLibc } from '../../native/libc.ts';
import {
  BARRIERS,
  type BarrierChoice,
  DURABILITIES,
  type Durability,
  LAYOUTS,
  type Layout,
} from '../choices.ts';
import type { FlushReport, MainHalf } from '../seam.ts';
import { createStore } from './on-disk/create-store.ts';
import { listEveryObject } from './on-disk/every-object.ts';
import { checkLayout, formatPath, METADATA, readFormat, requireFormat } from './on-disk/format.ts';
import { objectFolders } from './on-disk/layout.ts';
import { requireShards } from './on-disk/shards.ts';
import { BarrierCoordinator, chooseBarrier } from './publish/barrier.ts';
import { openTemps } from './publish/open-temps.ts';
import { quarantined, requireKeptSince, settleMoves } from './upkeep/quarantine.ts';
import { markUnflushed, settleUnflushed, unflushedMarks } from './upkeep/unflushed.ts';
import type { LocalWorkerInit } from './worker-half.ts';
import { sweep, Writer } from './writers/writer.ts';

export interface WriteOptions {
  readonly durability: Durability;
  readonly barrier: BarrierChoice;
  /** Layout of a store that is created; an existing one keeps its own. */
  readonly layout?: Layout | undefined;
  readonly verifyHits: boolean;
  /** Look and hash, but create and write nothing. */
  readonly dryRun: boolean;
  /** The most groups that are open at once. */
  readonly groups: number;
  /** Sweep only when the store's directory itself is not larger, in bytes. Default: always. */
  readonly sweepUpTo?: number | undefined;
}

/** The main thread's half of a local store: the writer, the shared barrier, the last flush. */
export class LocalMainHalf implements MainHalf {
  readonly workerInit: LocalWorkerInit;
  /** Temps of dead writers that were removed on open. */
  readonly swept: number;
  /** At the end all objects are read back: some may be of a run that flushed nothing. */
  readonly readsBack: boolean;
  /** What lay in quarantine on open. */
  readonly #quarantined: ReadonlySet<string>;
  readonly #writer: Writer | undefined;
  readonly #coordinator: BarrierCoordinator;
  /** Open for the whole run: write-back errors are reported to descriptors opened before them. */
  readonly #rootFd: number;
  readonly #ops: FileOps;

  private constructor(
    init: LocalWorkerInit,
    { swept, readsBack }: Pick<LocalMainHalf, 'swept' | 'readsBack'>,
    writer: Writer | undefined,
    rootFd: number,
    flush: () => Promise<void>,
    ops: FileOps,
  ) {
    this.workerInit = init;
    this.swept = swept;
    this.readsBack = readsBack;
    this.#quarantined = quarantined(init.root);
    this.#writer = writer;
    this.#rootFd = rootFd;
    this.#coordinator = new BarrierCoordinator(flush, init.root);
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
    const { verifyHits, dryRun, groups } = options;
    const durability = requireOneOf('durability', DURABILITIES, options.durability);
    requireOneOf('barrier', BARRIERS, options.barrier);
    const existing = readFormat(root);
    const layout = requireOneOf('layout', LAYOUTS, options.layout ?? 'flat');
    const libc = await loadLibc();
    const format =
      existing ?? (dryRun ? { format: 1, layout } : createStore(root, layout, ops, libc));
    // Of a new store too: another one may have created it at this very moment.
    checkLayout(root, format, options.layout);
    const present = existing !== undefined || !dryRun;
    const barrier = present ? chooseBarrier(options.barrier, root, libc) : 'fsync';
    const swept = dryRun ? 0 : sweepAll(root, options.sweepUpTo, libc, ops);
    if (!dryRun) settleMoves(root, format.layout, ops);
    const flushes = durability !== 'none' && !dryRun;
    const wasEmpty = !present || isEmpty(root);
    const rootFd = present ? openRoot(root, ops) : -1;
    let writer: Writer | undefined;
    try {
      // Whoever wrote the store.json that was found may have been killed before it was durable. It
      // has to be before anything else is in the store, which would be somebody's own without it.
      const unflushed = present && unflushedMarks(root).length > 0;
      if (existing !== undefined && flushes && (wasEmpty || unflushed))
        flushDirectory(ops, join(root, METADATA));
      writer = dryRun ? undefined : Writer.open(root, format, libc, ops);
      // The same of a store.json that a relayout has written meanwhile.
      if (writer !== undefined && writer.format !== format && flushes)
        flushDirectory(ops, join(root, METADATA));
      if (writer !== undefined && !flushes) markUnflushed(root, writer.folder, ops);
      if (writer?.format.layout === 'sharded') requireShards(root);
      const init: LocalWorkerInit = {
        root,
        format: writer?.format ?? format,
        writerFolder: writer?.folder ?? '',
        durability,
        barrier,
        wasEmpty,
        verifyHits,
        dryRun,
        ...openTemps(durability, barrier, groups),
      };
      // Only asked for where chooseBarrier took syncfs, which it does only with libc at hand.
      const flush = () => libc!.syncfs(rootFd);
      const found = { swept, readsBack: unflushed && flushes };
      return new LocalMainHalf(init, found, writer, rootFd, flush, ops);
    } catch (error) {
      writer?.close();
      if (rootFd >= 0) ops.closeSync(rootFd);
      throw failed('cannot open the store', error, { path: root });
    }
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
      const hint = 'check the disk and run again';
      throw failed('cannot make the names of objects durable', error, { path: root, hint });
    }
    try {
      // Not before: a relayout that waits for this writer would move what is not durable yet.
      this.#writer?.close();
    } catch (error) {
      throw failed('cannot remove the temps of this run', error, { path: root });
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
    await settleUnflushed(root, format.layout, this.#ops, { syncfs, signal });
    // Another one may have settled it meanwhile, or a verify have found damage.
    requireKeptSince(root, format.layout, this.#quarantined);
    return objectFolders(root, this.#foldersIn()).filter((folder) => this.#flushFolder(folder))
      .length;
  }

  /** Beside a relayout an object may lie in either layout; `sharded` has the top, too. */
  #foldersIn(): Layout {
    const { root, format } = this.workerInit;
    const now = requireFormat(root);
    const isSettled = format.movingFrom === undefined && now.movingFrom === undefined;
    return isSettled && now.layout === format.layout ? format.layout : 'sharded';
  }

  #flushFolder(folder: string): boolean {
    if (folder === this.workerInit.root) {
      this.#ops.fsyncSync(this.#rootFd);
      confirmFlush(this.#ops, folder);
      return true;
    }
    try {
      flushDirectory(this.#ops, folder);
      return true;
    } catch (error) {
      // A shard that a user removed while it was empty: it holds no names.
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  abandon(): void {
    // The run has failed already: what cannot be removed now is swept on the next open.
    bestEffort(() => this.#writer?.close());
    this.#closeRoot();
  }

  #closeRoot(): void {
    if (this.#rootFd >= 0) this.#ops.closeSync(this.#rootFd);
  }
}

function isEmpty(root: string): boolean {
  for (const _ of listEveryObject(root)) return false;
  return true;
}

function sweepAll(
  root: string,
  upTo: number | undefined,
  libc: Libc | undefined,
  ops: FileOps,
): number {
  const ofFormat = sweepTempsOf(formatPath(root), libc, ops);
  return isLarger(root, upTo) ? ofFormat : ofFormat + sweep(root, libc, ops);
}

function isLarger(root: string, limit: number | undefined): boolean {
  return limit !== undefined && fs.statSync(root).size > limit;
}

function openRoot(root: string, ops: FileOps): number {
  try {
    return openDirectory(ops, root);
  } catch (error) {
    throw failed('cannot open the store', error, { path: root });
  }
}
