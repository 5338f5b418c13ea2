/** `restore` as callers see it: a tree of a snapshot comes back, with a pool of its own. */
import fs from 'node:fs';
import {
  abortSignal,
  type Checks,
  callback,
  filePath,
  flag,
  oneOf,
  requireOptions,
  strings,
} from '../checked.ts';
import { failed, IngotError, isIngotError, UsageError } from '../errors.ts';
import { toFsPath } from '../names.ts';
import { fileSystemTypeOf } from '../native/file-system-type.ts';
import { type Libc, loadLibc } from '../native/libc.ts';
import { withoutLibc } from '../native/load-koffi.ts';
import { readAheadChoice, readAheadLimits } from '../read-ahead/choice.ts';
import { readAheadReport } from '../read-ahead/cost.ts';
import type { DirectoryEntry, Entry } from '../snapshot/entry.ts';
import { openSnapshotIn, type Snapshot } from '../snapshot/snapshot.ts';
import { engineAt } from '../store/engines.ts';
import type { Engine } from '../store/seam/engine.ts';
import type { ModuleSource } from '../store/seam/write.ts';
import { Pool } from '../threads/pool.ts';
import { checkedThreads, threadCount } from '../threads/thread-count.ts';
import { Deletion } from './main/deletion.ts';
import { Directories } from './main/directories.ts';
import { FirstNames } from './main/first-names.ts';
import { RestoreRun } from './main/restore-run.ts';
import { type Selection, selectionOf } from './main/selection.ts';
import { ShownRestore } from './main/shown-restore.ts';
import { Tally } from './main/tally.ts';
import { currentUmask, openTarget, type Target } from './main/target.ts';
import type { RestoreReply, RestoreSetup, RestoreTask } from './messages.ts';
import { splitPath } from './paths.ts';
import { lacking, withoutCalls } from './refusals.ts';
import { OVERWRITES, type RestoreOptions, type RestoreReport } from './report.ts';

const CHECKS: Checks<RestoreOptions> = {
  overwrite: oneOf(OVERWRITES),
  delete: flag,
  include: strings,
  exclude: strings,
  dryRun: flag,
  owner: flag,
  privileged: flag,
  fsync: flag,
  threads: threadCount,
  readAhead: readAheadChoice,
  signal: abortSignal,
  onProgress: callback,
  onEntry: callback,
  report: oneOf(['all', 'problems']),
  onNotice: callback,
};

/** Batches in flight for each thread: the next one waits there when one is done. */
const BATCHES_PER_THREAD = 2;

/**
 * Restores the snapshot of a name (see `openSnapshot`), or what lies at a path in it, to a directory:
 * what is in a directory goes into the target, a file becomes one in it. Each content is verified
 * before its file is finished; what is missing or damaged fails, and the rest is restored. Throws an
 * IngotError: as `openSnapshot`, INGOT_NOT_EMPTY, INGOT_INTERRUPTED, a full disk; a UsageError.
 */
export async function restore(
  store: string,
  name: string,
  target: string,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  return restoreFrom(engineAt(store), name, target, options);
}

/** `restore` with the engine to use. */
export async function restoreFrom(
  engine: Engine,
  name: string,
  given: string,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  requireOptions(options, CHECKS);
  filePath('target', given);
  requireSensible(options);
  const libc = await loadLibc();
  if (libc?.at === undefined) throw withoutCalls(withoutLibc());
  if (options.delete && libc.readEntries === undefined)
    throw withoutCalls('getdents64 is refused, and --delete needs it');
  const { include, exclude, signal } = options;
  const selection = await selectionOf(include, exclude, signal);
  const snapshot = await openSnapshotIn(engine, name);
  if (snapshot.entry?.type === 'missing') throw lacking(snapshot.path, snapshot.entry.why);
  const source = await engine.threadReader();
  const root = await rootEntry(snapshot);
  const target = openTarget(given, engine.folder, options);
  try {
    let lacksContent = false;
    const onEntry: RestoreOptions['onEntry'] = (entry) => {
      lacksContent ||= entry.failure?.code === 'INGOT_NOT_FOUND';
      options.onEntry?.(entry);
    };
    const watched = { ...options, onEntry };
    const parts = { snapshot, root, source, target, selection, options: watched, libc };
    const report = await new Restore(parts).run();
    if (lacksContent) await snapshot.requireListed();
    return report;
  } finally {
    if (target.fd !== undefined) fs.closeSync(target.fd);
  }
}

function requireSensible({ overwrite, delete: removes, include, owner }: RestoreOptions): void {
  const wrong = (why: string, hint: string) =>
    new UsageError({ what: 'wrong usage', code: 'INGOT_USAGE', why, hint });
  if (removes && overwrite === undefined)
    throw wrong('--delete is about a target that is not empty', 'add --overwrite if-changed');
  if (removes && include !== undefined && include.length > 0)
    throw wrong('--delete removes what --include leaves out', 'drop one of them');
  if (owner && process.geteuid?.() !== 0)
    throw wrong('only root can give files to other users', 'run as root, or drop --owner');
}

/** What the snapshot says of the directory that TARGET stands for; undefined where nothing. */
async function rootEntry(snapshot: Snapshot): Promise<DirectoryEntry | undefined> {
  const entry = snapshot.entry ?? (await rootOf(snapshot));
  return entry?.type === 'directory' ? entry : undefined;
}

/** A segment that is damaged is named when all entries are read: the rest is restored. */
async function rootOf({ tree }: Snapshot): Promise<Entry | undefined> {
  try {
    return await tree.find('');
  } catch (error) {
    if (!isIngotError(error)) throw error;
    return undefined;
  }
}

interface Parts {
  readonly snapshot: Snapshot;
  readonly root: DirectoryEntry | undefined;
  readonly source: ModuleSource;
  readonly target: Target;
  readonly selection: Selection;
  readonly options: RestoreOptions;
  readonly libc: Libc;
}

class Restore {
  readonly #parts: Parts;
  readonly #tally: Tally;
  readonly #setup: Omit<RestoreSetup, 'inheritsAcl'>;
  readonly #begun = performance.now();

  constructor(parts: Parts) {
    const { options, source, target } = parts;
    this.#parts = parts;
    this.#tally = new Tally(options);
    this.#setup = {
      store: source,
      root: target.fd ?? -1,
      target: target.path,
      overwrite: options.overwrite,
      dryRun: options.dryRun ?? false,
      owner: options.owner ?? false,
      umask: currentUmask(),
      readAhead: readAheadLimits(options.readAhead, checkedThreads(options.threads)),
      stop: new SharedArrayBuffer(4),
      entriesDone: new SharedArrayBuffer(4),
      bytesRead: new SharedArrayBuffer(8),
    };
  }

  async run(): Promise<RestoreReport> {
    const { options } = this.#parts;
    const threads = checkedThreads(options.threads);
    const stop = () => void Atomics.store(new Int32Array(this.#setup.stop), 0, 1);
    options.signal?.addEventListener('abort', stop);
    const pool = new Pool<RestoreTask, RestoreReply>('restore-worker', threads);
    try {
      await this.#restoreWith(pool);
    } finally {
      options.signal?.removeEventListener('abort', stop);
      await pool.close();
    }
    return this.#report(await this.#flush());
  }

  async #restoreWith(pool: Pool<RestoreTask, RestoreReply>): Promise<void> {
    const { snapshot, root, target, selection, options, libc } = this.#parts;
    const { files, xattrReader, xattrWriter: xattrs, readEntries } = libc;
    const at = libc.at!;
    const tally = this.#tally;
    const { dryRun, owner } = this.#setup;
    const isIncluded = !selection.isPart;
    const context = {
      at,
      files,
      xattrs,
      xattrReader,
      target,
      overwrite: options.overwrite,
      dryRun,
      owner,
      tally,
    };
    const directories = new Directories(context, root, isIncluded);
    const setup = { ...this.#setup, inheritsAcl: directories.inheritsAcl() };
    const firstNames = new FirstNames();
    const removes = options.delete && readEntries !== undefined;
    const { signal } = options;
    const run = new RestoreRun({
      ...{ snapshot, prefix: prefixOf(snapshot), options, target: target.path },
      ...{ directories, firstNames, selection, tally, slots: pool.threads * BATCHES_PER_THREAD },
      deletion: removes
        ? new Deletion({ at, files, readEntries, target, selection, tally, dryRun, signal })
        : undefined,
      runBatch: async (entries) => {
        const reply = await pool.run({ setup, entries });
        if (reply.status === 'failed') throw new IngotError(reply.failure);
        return reply;
      },
    });
    const counts = () => ({
      done: run.done + Atomics.load(new Int32Array(this.#setup.entriesDone), 0),
      bytes: Number(Atomics.load(new BigInt64Array(this.#setup.bytesRead), 0)),
      failed: tally.counts.failed,
    });
    const shown =
      options.onProgress &&
      new ShownRestore(snapshot, counts, (state) => options.onProgress?.(state));
    try {
      await run.run();
    } finally {
      directories.close();
      firstNames.close();
      await shown?.end();
    }
    shown?.show(true);
  }

  /** True when all is on the disk. */
  async #flush(): Promise<boolean> {
    const { libc, options, target } = this.#parts;
    if (!options.fsync || options.dryRun || target.fd === undefined) return false;
    try {
      await libc.syncfs(target.fd);
    } catch (error) {
      throw failed('cannot make the tree durable', error, { path: target.path });
    }
    const { name, syncfsIsBarrier } = fileSystemTypeOf(toFsPath(target.path));
    if (!syncfsIsBarrier)
      options.onNotice?.(`a flush of this file system (${name}) may not reach its disk`);
    return syncfsIsBarrier;
  }

  #report(flushed: boolean): RestoreReport {
    const { snapshot, target, options } = this.#parts;
    return {
      id: snapshot.reference.id,
      target: target.path,
      ...this.#tally.counts,
      ...{ dryRun: options.dryRun ?? false, flushed },
      readAhead: readAheadReport(this.#tally.reads),
      wallMs: performance.now() - this.#begun,
    };
  }
}

/** What is left out of paths in the tree. */
function prefixOf({ entry, path }: Snapshot): string {
  if (entry === undefined || entry.path === '') return '';
  const directory = entry.type === 'directory' ? path : splitPath(path)[0];
  return directory === '' ? '' : `${directory}/`;
}
