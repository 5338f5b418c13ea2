import { dirname } from 'node:path';
import type { Digest } from '../digest.ts';
import { type FileOps, nodeFileOps } from '../files/file-ops.ts';
import { type Libc, loadLibc } from '../native/libc.ts';
import type { Durability } from './choices.ts';
import { LocalMainHalf } from './local/main-half.ts';
import { objectPath, otherLayout } from './local/on-disk/layout.ts';
import { NameFlush } from './local/publish/name-flush.ts';
import { openTemps } from './local/publish/open-temps.ts';
import { TempFlush } from './local/publish/temp-flush.ts';
import { unflushedMarks } from './local/upkeep/unflushed.ts';
import { type LocalWorkerInit, openLocalWorkerHalf } from './local/worker-half.ts';
import type { PutSource } from './put-source.ts';
import { SourceStager, type Staged } from './stage-source.ts';

export interface PutOptions {
  /** Aborting ends a put that has not read all of its source. */
  readonly signal?: AbortSignal | undefined;
}

export interface PutResult {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** `duplicate`: the content was an object already. */
  readonly outcome: 'new' | 'duplicate';
  /** The object was there with another size, and got its good content back. */
  readonly repaired: boolean;
}

/**
 * To find the temps of dead writers, the top of the store is listed. In a flat store of millions
 * that takes seconds: where the directory is larger than this (some 13,000 objects on ext4), it
 * is left to an ingest.
 */
const SWEPT_DIRECTORY_BYTES = 1 << 20;

/**
 * Stores contents one by one, each a group of its own: stage → barrier → publish → flush names. Many
 * at once share their flushes.
 */
export class Putter {
  readonly #main: LocalMainHalf;
  readonly #init: LocalWorkerInit;
  readonly #stager: SourceStager;
  readonly #names: NameFlush;

  private constructor(main: LocalMainHalf, libc: Libc | undefined, ops: FileOps) {
    const { barrier, durability } = main.workerInit;
    this.#main = main;
    // What is put here is not claimed anywhere: the disk has to be asked, empty on open or not.
    this.#init = { ...main.workerInit, wasEmpty: false, barrier: 'fsync', namelessTemps: false };
    const answer = (message: unknown) => main.answer(message);
    const flush = new TempFlush(ops, barrier === 'syncfs' ? () => answer('barrier') : undefined);
    const worker = openLocalWorkerHalf(this.#init, 0, libc, ops, (temps) => flush.wait(temps));
    this.#stager = new SourceStager({
      openGroup: () => worker.openGroup(answer),
      mayBeUnflushed: () => this.#mayBeUnflushed(),
      maxOpenTemps: openTemps(durability, 'fsync', 1).maxOpenTemps,
    });
    this.#names = new NameFlush(ops);
  }

  /** What the user should know of the place. */
  get notices(): readonly string[] {
    return this.#main.notices;
  }

  /** Takes a writer, after sweeping what dead ones left. Throws an IngotError. */
  static async open(
    root: string,
    durability: Durability,
    ops: FileOps = nodeFileOps,
  ): Promise<Putter> {
    const main = await LocalMainHalf.open(
      root,
      {
        durability,
        barrier: 'auto',
        verifyHits: false,
        dryRun: false,
        groups: 1,
        sweepUpTo: SWEPT_DIRECTORY_BYTES,
      },
      ops,
    );
    try {
      return new Putter(main, await loadLibc(), ops);
    } catch (error) {
      main.abandon();
      throw error;
    }
  }

  /** Gives up the writer. Each object was made durable by its own put. */
  close(): void {
    this.#main.abandon();
  }

  async put(source: PutSource, { signal }: PutOptions = {}): Promise<PutResult> {
    signal?.throwIfAborted();
    return this.#settle(await this.#stager.stage(source, signal));
  }

  async #settle({ group, digest, size, presence, closed }: Staged): Promise<PutResult> {
    try {
      await group.commit();
    } finally {
      closed();
    }
    // For a duplicate too: the rename of another writer may not be durable yet.
    if (this.#init.durability !== 'none') await this.#names.wait(this.#foldersOf(digest));
    const outcome = presence === 'present' ? 'duplicate' : 'new';
    return { digest, size, outcome, repaired: presence === 'damaged' };
  }

  /** Then a hit that `--durability none` may have stored is stored anew, and replaced. */
  #mayBeUnflushed(): boolean {
    const { root, durability } = this.#init;
    return durability !== 'none' && unflushedMarks(root).length > 0;
  }

  #foldersOf(digest: Digest): string[] {
    const { root, format } = this.#init;
    const layouts =
      format.movingFrom === undefined
        ? [format.layout]
        : [format.layout, otherLayout(format.layout)];
    return layouts.map((layout) => dirname(objectPath(root, layout, digest)));
  }
}
