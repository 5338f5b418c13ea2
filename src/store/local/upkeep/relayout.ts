/**
 * Moving a store to the other layout, while others read it and write to it.
 *
 * store.json first names both layouts, durably: from then on readers look in both places, and new
 * writers publish in the new one. Each object then moves by one rename, so that at any moment,
 * and after a crash, it has exactly one name. Writers that were open before go on to publish in
 * the old layout: a last pass begins only when they are gone. Last, when all moves are durable,
 * store.json forgets the old layout. Whatever interrupts this, a second run goes on from there,
 * and one in the other direction goes back.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../../digest.ts';
import { failed, hasErrno, IngotError, isDenied } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import {
  type FileOps,
  flushDirectory,
  nodeFileOps,
  type StoreFd,
} from '../../../files/file-ops.ts';
import { renameNew } from '../../../files/rename-new.ts';
import { type Libc, loadLibc } from '../../../native/libc.ts';
import { Estimator } from '../../../progress/estimate.ts';
import { NAMES_PER_LOOK, Turns } from '../../../turns.ts';
import type { Layout } from '../../choices.ts';
import type { RelayoutOptions, RelayoutReport } from '../../seam/upkeep.ts';
import { denialIn } from '../on-disk/denial.ts';
import { directoryFullHint } from '../on-disk/directory-full.ts';
import { requireFormat, type StoreFormat, writeFormat } from '../on-disk/format.ts';
import { listLayout, objectFolders, objectPath, otherLayout, SHARDS } from '../on-disk/layout.ts';
import { makeShards, removeShards, requireShards } from '../on-disk/shards.ts';
import { shareStore } from '../on-disk/share-store.ts';
import { tryStoreLock } from '../on-disk/store-lock.ts';
import { waitForOldWriters } from '../writers/old-writers.ts';
import type { WriterSign } from '../writers/writer.ts';
import { Merger } from './merge.ts';
import { requireQuarantine } from './quarantine.ts';
import { alreadyRunning, noFlock, notAllMoved } from './relayout-refusals.ts';

/** `relayout`, with the file operations and the C library to use. Throws an IngotError. */
export async function relayoutStore(
  root: string,
  to: Layout,
  options: RelayoutOptions = {},
  ops: FileOps = nodeFileOps,
  calls: Promise<Libc | undefined> = loadLibc(),
): Promise<RelayoutReport> {
  const format = requireFormat(root);
  const libc = await calls;
  if (libc === undefined) throw noFlock(root);
  let lockFd: StoreFd | undefined;
  try {
    shareStore(root, format, undefined, ops);
    lockFd = tryStoreLock(root, 'relayout.lock', { kind: 'exclusive', libc, ops });
    if (lockFd === undefined) throw alreadyRunning(root);
    return await new Relayout(root, to, options, libc, ops).run();
  } catch (error) {
    const hint = diskFullHint(error, root) ?? 'run it again to go on';
    throw failed('cannot change the layout', error, { path: root, hint, ...denialIn(root, error) });
  } finally {
    if (lockFd !== undefined) ops.closeSync(lockFd);
  }
}

class Relayout {
  readonly #root: string;
  readonly #to: Layout;
  readonly #from: Layout;
  readonly #options: RelayoutOptions;
  readonly #libc: Libc;
  readonly #ops: FileOps;
  /** Shards that found no room yet. */
  #missing: readonly string[] = [];
  readonly #merger: Merger;
  readonly #turns = new Turns();
  readonly #begun = performance.now();
  readonly #estimator = new Estimator(1);
  #found = 0;
  #counting = false;
  #moved = 0;
  #merged = 0;
  /** Of the last pass: those that may not be moved, and what kept the first of them. */
  #stuck = 0;
  #stuckBy: unknown;

  constructor(root: string, to: Layout, options: RelayoutOptions, libc: Libc, ops: FileOps) {
    this.#root = root;
    this.#to = to;
    this.#from = otherLayout(to);
    this.#options = options;
    this.#libc = libc;
    this.#ops = ops;
    this.#merger = new Merger(root, libc, ops, options.signal);
  }

  async run(): Promise<RelayoutReport> {
    if (this.#isNeeded()) {
      requireShards(this.#root);
      requireQuarantine(this.#root);
      if (this.#options.onProgress !== undefined) await this.#count();
      await this.#announce();
      await this.#moveAll();
      this.#requireAllMoved();
      const isOld = ({ layout }: WriterSign) => layout !== this.#to;
      await waitForOldWriters(this.#root, isOld, this.#libc, {
        onWaiting: this.#options.onWaiting,
        onPoll: () => this.#stopIfAsked(),
      });
      await this.#moveAll();
      this.#requireAllMoved();
      await this.#flushFolders();
      this.#writeFormat(this.#to);
    }
    if (this.#to === 'flat') removeShards(this.#root, this.#ops);
    return { layout: this.#to, moved: this.#moved, merged: this.#merged };
  }

  #isNeeded(): boolean {
    const { layout, movingFrom } = requireFormat(this.#root);
    if (layout !== this.#to || movingFrom !== undefined) return true;
    for (const _ of listLayout(this.#root, this.#from)) return true;
    return false;
  }

  /** So that progress has a whole to be a part of. It takes a small part of the moves' time. */
  async #count(): Promise<void> {
    this.#counting = true;
    const turns = new Turns({ stepsPerLook: NAMES_PER_LOOK });
    for (const _ of listLayout(this.#root, this.#from)) {
      this.#found++;
      if (!turns.isDue()) continue;
      this.#showProgress();
      await turns.take();
      this.#stopIfAsked();
    }
    this.#counting = false;
  }

  /** The folders come first: from the moment of the new format on writers publish into them. */
  async #announce(): Promise<void> {
    if (this.#to === 'sharded') await this.#makeShards();
    this.#writeFormat(this.#to, this.#from);
  }

  /**
   * A flat directory whose index is full refuses some of the shards too. Each object that moves to
   * one it took makes room for more; until all are there, writers stay in the flat layout.
   */
  async #makeShards(): Promise<void> {
    for (let wanted = SHARDS; ; wanted = this.#missing) {
      const { missing, error } = makeShards(this.#root, wanted, this.#ops);
      this.#missing = missing;
      flushDirectory(this.#ops, this.#root);
      if (missing.length === 0) return;
      if (missing.length === wanted.length)
        throw failed('cannot make a folder for objects', error, {
          path: join(this.#root, missing[0]!),
          hint: diskFullHint(error, this.#root),
        });
      this.#writeFormat(this.#from, this.#to);
      await this.#moveAll();
    }
  }

  /** With `movingFrom` readers look in both layouts from now on; new writers publish in `layout`. */
  #writeFormat(layout: Layout, movingFrom?: Layout): void {
    const { movingFrom: _, ...kept } = requireFormat(this.#root);
    const format: StoreFormat = { ...kept, layout, ...(movingFrom && { movingFrom }) };
    writeFormat(this.#root, format, 'replace', this.#ops, this.#libc);
  }

  /** Until a pass finds none: a name may be passed over while the directory changes under it. */
  async #moveAll(): Promise<void> {
    for (let before = -1; before !== this.#moved + this.#merged; ) {
      before = this.#moved + this.#merged;
      this.#stuck = 0;
      for (const digest of listLayout(this.#root, this.#from)) {
        if (!this.#missing.includes(digest.slice(0, 2))) await this.#move(digest);
        if (this.#turns.isDue()) await this.#turn();
      }
      await this.#turn();
    }
  }

  async #turn(): Promise<void> {
    this.#showProgress();
    await this.#turns.take();
    this.#stopIfAsked();
  }

  #showProgress(): void {
    const moved = this.#moved + this.#merged;
    const found = Math.max(this.#found, moved);
    const counting = this.#counting;
    const elapsedMs = performance.now() - this.#begun;
    const totals = counting ? undefined : { count: found, bytes: 0, isFinal: true };
    const estimate = this.#estimator.add({ done: moved, totals, elapsedMs });
    this.#options.onProgress?.({ found, counting, moved, elapsedMs, ...estimate });
  }

  async #move(digest: Digest): Promise<void> {
    const source = objectPath(this.#root, this.#from, digest);
    const target = objectPath(this.#root, this.#to, digest);
    try {
      // Without renameat2, what a writer publishes there at this very moment is replaced.
      while (!renameNew(this.#ops, this.#libc, source, target))
        if (await this.#merger.merge(digest, source, target)) {
          this.#merged++;
          return;
        }
      this.#moved++;
    } catch (error) {
      if (error === this.#options.signal?.reason) this.#stopIfAsked();
      // Moved aside by a verify: listing it and moving it are two steps.
      if (hasErrno(error, 'ENOENT') && !fs.existsSync(source)) return;
      const hint = directoryFullHint(error, this.#root, this.#to);
      const failure = failed('cannot move an object', error, { path: source, hint });
      if (!isDenied(error)) throw failure;
      // It keeps no other from its place (chattr +i, another user's folder).
      if (this.#stuck++ === 0) this.#stuckBy = failure;
    }
  }

  #requireAllMoved(): void {
    if (this.#stuck > 0) throw notAllMoved(this.#stuck, this.#stuckBy);
  }

  /** The new names first: a file system without a journal may lose a name that it moves. */
  async #flushFolders(): Promise<void> {
    const folders = objectFolders(this.#root, 'sharded');
    for (const folder of this.#to === 'sharded' ? folders.reverse() : folders)
      if (fs.existsSync(folder)) {
        flushDirectory(this.#ops, folder);
        if (this.#turns.isDue()) await this.#turn();
      }
  }

  #stopIfAsked(): void {
    if (!this.#options.signal?.aborted) return;
    throw new IngotError({
      what: 'relayout was interrupted',
      code: 'INGOT_INTERRUPTED',
      path: this.#root,
      why: `${this.#moved} objects were moved, the rest was not`,
      hint: 'the store can be used as it is; run it again to go on',
    });
  }
}
