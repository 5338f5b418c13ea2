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
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Digest } from '../../../digest.ts';
import { errnoOf, failed, IngotError, requireOneOf } from '../../../errors.ts';
import { diskFullHint } from '../../../files/disk-full.ts';
import { type FileOps, flushDirectory, flushFile, nodeFileOps } from '../../../files/file-ops.ts';
import { tryLock } from '../../../files/locks.ts';
import { renameNew } from '../../../files/rename-new.ts';
import { type Libc, loadLibc } from '../../../native/libc.ts';
import { LAYOUTS, type Layout } from '../../choices.ts';
import { absolutePath } from '../../store-path.ts';
import { directoryFullHint } from '../on-disk/directory-full.ts';
import {
  FORMAT,
  METADATA,
  requireFormat,
  type StoreFormat,
  writeFormat,
} from '../on-disk/format.ts';
import { listLayout, objectFolders, objectPath, otherLayout, SHARDS } from '../on-disk/layout.ts';
import { requireNoLink } from '../on-disk/metadata-file.ts';
import { makeShards, removeShards, requireShards } from '../on-disk/shards.ts';
import { waitForOldWriters } from '../writers/old-writers.ts';
import { quarantine, quarantineLost, requireQuarantine } from './quarantine.ts';
import { DiskReader } from './read-back.ts';
import { hashesTo } from './verify-objects.ts';

export interface RelayoutOptions {
  /** Aborting stops between two objects and rejects with INGOT_INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the number of objects moved so far. */
  readonly onProgress?: ((moved: number) => void) | undefined;
  /** Called when writers of the old layout are alive, with their number, and when it changes. */
  readonly onWaiting?: ((writers: number) => void) | undefined;
}

export interface RelayoutReport {
  readonly layout: Layout;
  readonly moved: number;
  /** Objects that lay in both layouts, of which the sound one was kept. */
  readonly merged: number;
}

/** Objects moved before the event loop gets a turn, for signals and progress. */
const MOVES_PER_TURN = 512;

/**
 * Moves all objects of a store to a layout; does nothing when they are there. Waits for writers of
 * the old layout, a Store of this very process that has put something among them: close it first.
 * Throws an IngotError: INGOT_NO_STORE, INGOT_RELAYOUT_RUNNING (another one runs), INGOT_NO_FLOCK
 * (writers cannot be seen on this machine or file system), INGOT_INTERRUPTED, or an errno. The store stays usable.
 */
export async function relayout(
  store: string,
  to: Layout,
  options: RelayoutOptions = {},
  ops: FileOps = nodeFileOps,
  calls: Promise<Libc | undefined> = loadLibc(),
): Promise<RelayoutReport> {
  const root = absolutePath(store);
  requireOneOf('layout', LAYOUTS, to);
  requireFormat(root);
  const libc = await calls;
  if (libc === undefined) throw noFlock(root);
  const lock = join(root, METADATA, 'relayout.lock');
  let lockFd = -1;
  try {
    requireNoLink(lock);
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;
    lockFd = ops.openSync(lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    if (!tryLock(libc, lockFd, root)) throw alreadyRunning(root);
    return await new Relayout(root, to, options, libc, ops).run();
  } catch (error) {
    const hint = diskFullHint(error, root) ?? 'run it again to go on';
    throw failed('cannot change the layout', error, { path: root, hint });
  } finally {
    if (lockFd >= 0) ops.closeSync(lockFd);
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
  readonly #disk: DiskReader;
  #moved = 0;
  #merged = 0;

  constructor(root: string, to: Layout, options: RelayoutOptions, libc: Libc, ops: FileOps) {
    this.#root = root;
    this.#to = to;
    this.#from = otherLayout(to);
    this.#options = options;
    this.#libc = libc;
    this.#ops = ops;
    this.#disk = new DiskReader(libc);
  }

  async run(): Promise<RelayoutReport> {
    if (this.#isNeeded()) {
      requireShards(this.#root);
      requireQuarantine(this.#root);
      await this.#announce();
      await this.#moveAll();
      await waitForOldWriters(this.#root, this.#to, this.#libc, {
        onWaiting: this.#options.onWaiting,
        onPoll: () => this.#stopIfAsked(),
      });
      await this.#moveAll();
      this.#flushFolders();
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
    const format: StoreFormat = { format: FORMAT, layout, ...(movingFrom && { movingFrom }) };
    writeFormat(this.#root, format, 'replace', this.#ops, this.#libc);
  }

  /** Until a pass finds none: a name may be passed over while the directory changes under it. */
  async #moveAll(): Promise<void> {
    for (let before = -1; before !== this.#moved + this.#merged; ) {
      before = this.#moved + this.#merged;
      let met = 0;
      for (const digest of listLayout(this.#root, this.#from)) {
        if (!this.#missing.includes(digest.slice(0, 2))) await this.#move(digest);
        if (++met % MOVES_PER_TURN === 0) await this.#turn();
      }
      await this.#turn();
    }
  }

  async #turn(): Promise<void> {
    this.#options.onProgress?.(this.#moved + this.#merged);
    await nextTurn();
    this.#stopIfAsked();
  }

  async #move(digest: Digest): Promise<void> {
    const source = objectPath(this.#root, this.#from, digest);
    const target = objectPath(this.#root, this.#to, digest);
    try {
      // Without renameat2, what a writer publishes there at this very moment is replaced.
      while (!renameNew(this.#ops, this.#libc, source, target))
        if (await this.#merge(digest, source, target)) return;
      this.#moved++;
    } catch (error) {
      // Moved aside by a verify: listing it and moving it are two steps.
      if (errnoOf(error) === 'ENOENT' && !fs.existsSync(source)) return;
      const hint = directoryFullHint(error, this.#root, this.#to);
      throw failed('cannot move an object', error, { path: source, hint });
    }
  }

  /** True when the object in the new place is sound and the old one was removed. */
  async #merge(digest: Digest, source: string, target: string): Promise<boolean> {
    if (!fs.lstatSync(target, { throwIfNoEntry: false })) return false;
    if (!hashesTo(target, digest)) {
      quarantine(this.#root, { digest, path: target }, this.#ops);
      return false;
    }
    // The old object may have been reported durable, and the writer of the new one may flush
    // nothing.
    flushFile(target, this.#ops);
    if ((await this.#disk.holds(target, digest)) !== true) {
      quarantineLost(this.#root, { digest, path: target }, this.#ops);
      return false;
    }
    this.#ops.unlinkSync(source);
    this.#merged++;
    return true;
  }

  /** The new names first: a file system without a journal may lose a name that it moves. */
  #flushFolders(): void {
    const folders = objectFolders(this.#root, 'sharded');
    for (const folder of this.#to === 'sharded' ? folders.reverse() : folders)
      if (fs.existsSync(folder)) flushDirectory(this.#ops, folder);
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

function alreadyRunning(root: string): IngotError {
  return new IngotError({
    what: 'cannot change the layout',
    code: 'INGOT_RELAYOUT_RUNNING',
    path: root,
    why: 'another relayout of this store is running',
    hint: 'wait until it is done',
  });
}

function noFlock(root: string): IngotError {
  return new IngotError({
    what: 'cannot change the layout',
    code: 'INGOT_NO_FLOCK',
    path: root,
    why: 'libc could not be called on this machine, so live writers cannot be seen',
  });
}
