/** The main thread of a restore: reads the tree, makes directories, gives the rest to the workers. */
import { type Failure, failureOf, isIngotError } from '../../errors.ts';
import { joinPath } from '../../names.ts';
import type { Entry, FileEntry, LinkEntry } from '../../snapshot/entry.ts';
import { keyOfEntry } from '../../snapshot/entry.ts';
import { isRef, type SegmentRef } from '../../snapshot/segment.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { BatchResult } from '../messages.ts';
import { type Item, type PackedEntries, Packer } from '../packed-entries.ts';
import { splitPath } from '../paths.ts';
import { interruption } from '../refusals.ts';
import type { RestoreOptions } from '../report.ts';
import type { Deletion } from './deletion.ts';
import type { Directories, Directory } from './directories.ts';
import type { FirstNames } from './first-names.ts';
import type { Selection } from './selection.ts';
import type { Tally } from './tally.ts';

export interface RunParts {
  readonly snapshot: Snapshot;
  /** What of the paths in the tree TARGET stands for, with a slash at the end unless it is the root. */
  readonly prefix: string;
  readonly options: Pick<RestoreOptions, 'privileged' | 'signal'>;
  /** Of TARGET, for messages. */
  readonly target: string;
  readonly directories: Directories;
  /** Undefined when nothing is to be removed. */
  readonly deletion: Deletion | undefined;
  readonly firstNames: FirstNames;
  readonly selection: Selection;
  readonly tally: Tally;
  /** Batches that may be with the workers. */
  readonly slots: number;
  readonly runBatch: (entries: PackedEntries) => Promise<BatchResult>;
}

/** Entries for one batch, and the directories that they lie in, each once. */
interface Filling {
  readonly packer: Packer;
  directories: Directory[];
}

export class RestoreRun {
  readonly #parts: RunParts;
  readonly #files: Filling = { packer: new Packer(), directories: [] };
  /** Further names of files that are in batches before. */
  readonly #hardLinks: Filling = { packer: new Packer(), directories: [] };
  readonly #inFlight = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  /** Entries that have come to their end in this thread. */
  done = 0;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Throws an IngotError when it was interrupted, and when no entry could be restored any more. */
  async run(): Promise<void> {
    const { directories } = this.#parts;
    try {
      await this.#clean(directories.root);
      await this.#restoreAll();
      await this.#dispatch(this.#files);
      await this.#dispatchHardLinks();
    } finally {
      await Promise.all(this.#inFlight);
    }
    this.#stopIfAsked();
    directories.leaveAll();
  }

  async #restoreAll(): Promise<void> {
    const { snapshot, prefix } = this.#parts;
    const { entry: leaf } = snapshot;
    if (leaf !== undefined && leaf.type !== 'directory') return this.#take(leaf);
    const cursor = snapshot.tree.cursor();
    if (prefix !== '') await cursor.seek(prefix);
    for (let { item } = cursor; item !== undefined; item = cursor.item) {
      if (isRef(item)) {
        this.#stopIfAsked();
        try {
          await cursor.open(item);
        } catch (error) {
          this.#lose(item, error);
          cursor.next();
        }
        continue;
      }
      if (!keyOfEntry(item).startsWith(prefix)) return;
      cursor.next();
      if (`${item.path}/` === prefix || item.path === '') continue;
      const waits = this.#take(item);
      if (waits !== undefined) await waits;
    }
  }

  /** A segment that is damaged: what is in it nobody knows, the rest is restored. */
  #lose({ entries, directory }: SegmentRef, error: unknown): void {
    if (!isIngotError(error)) throw error;
    const { tally, target } = this.#parts;
    const { what, ...failure } = failureOf('cannot read the snapshot', error);
    const lost = `${entries} entries of the snapshot are lost: ${what}`;
    tally.failed(directory, undefined, {
      ...failure,
      what: lost,
      path: joinPath(target, directory),
    });
    tally.counts.failed += entries - 1;
    this.done += entries;
  }

  /** A promise only where it has to be waited for: a million entries would make a million of them. */
  #take(entry: Entry): Promise<void> | undefined {
    const { directories, prefix, selection, tally } = this.#parts;
    const path = entry.path.slice(prefix.length);
    directories.goTo(splitPath(path)[0]);
    const { current } = directories;
    const isDirectory = entry.type === 'directory';
    const isClosed = current.state === 'excluded' || selection.leavesOut(path, isDirectory);
    const isIncluded = current.isIncluded || selection.includes(path, isDirectory);
    if (isDirectory) return this.#enter(path, entry, { isClosed, isIncluded });
    this.done++;
    if (isClosed || !isIncluded) tally.counts.excluded++;
    else if (entry.type === 'missing') tally.counts.missing++;
    else {
      directories.make(current);
      if (current.state === 'failed') tally.failed(path, entry.type, undefined);
      else {
        this.done--;
        return this.#pack(path, this.#permitted(entry), current);
      }
    }
    return undefined;
  }

  #enter(
    path: string,
    entry: Entry & { readonly type: 'directory' },
    { isClosed, isIncluded }: { readonly isClosed: boolean; readonly isIncluded: boolean },
  ): Promise<void> | undefined {
    const { directories, selection, tally } = this.#parts;
    this.done++;
    const directory = directories.enter(
      path,
      isClosed ? entry : this.#permitted(entry),
      isIncluded,
    );
    if (isClosed) directory.state = 'excluded';
    if (directory.state === 'excluded') tally.counts.excluded++;
    else if (directory.state === 'failed') tally.failed(path, 'directory', undefined);
    else if (isIncluded || !selection.isPart) directories.make(directory);
    return directory.state === 'there' ? this.#clean(directory) : undefined;
  }

  #clean(directory: Directory): Promise<void> | undefined {
    const { deletion, prefix, snapshot } = this.#parts;
    if (deletion === undefined || directory.state !== 'there') return undefined;
    const path = (prefix + directory.path).replace(/\/$/, '');
    const leaf = snapshot.entry?.type === 'directory' ? undefined : snapshot.entry;
    if (leaf !== undefined) return undefined;
    return deletion.clean(directory, snapshot.tree.children(path));
  }

  /** What this run may set of an entry. */
  #permitted<T extends Exclude<Entry, { type: 'missing' }>>(entry: T): T {
    const { options, tally } = this.#parts;
    if (options.privileged) return entry;
    const mode = 'mode' in entry ? entry.mode : 0;
    const xattrs = entry.xattrs?.filter(({ name }) => !name.startsWith('security.'));
    if ((mode & SET_ID) === 0 && xattrs?.length === entry.xattrs?.length) return entry;
    tally.counts.unprivileged++;
    const kept = xattrs?.length === 0 ? undefined : xattrs;
    return 'mode' in entry
      ? { ...entry, mode: mode & ~SET_ID, xattrs: kept }
      : { ...entry, xattrs: kept };
  }

  #pack(
    path: string,
    entry: FileEntry | LinkEntry,
    directory: Directory,
  ): Promise<void> | undefined {
    const first =
      entry.type === 'file' && entry.group !== undefined
        ? this.#parts.firstNames.find(entry, path)
        : undefined;
    if (first === undefined) return this.#add(this.#files, path, { entry }, directory);
    if (first.isEqual)
      return this.#add(this.#hardLinks, path, { entry, first: first.path }, directory);
    const { target, tally } = this.#parts;
    tally.shortfalls([
      { what: 'hard link', failure: unequalGroup(joinPath(target, path)), count: 1 },
    ]);
    return this.#add(this.#files, path, { entry }, directory);
  }

  #add(to: Filling, path: string, item: Item, directory: Directory): Promise<void> | undefined {
    const its = { path: directory.path, isNew: directory.state === 'new' };
    if (to.packer.add(its, splitPath(path)[1], item)) {
      to.directories.push(directory);
      this.#parts.directories.hold(directory);
    }
    if (!to.packer.isFull) return undefined;
    return to === this.#files ? this.#dispatch(to) : this.#dispatchHardLinks();
  }

  /** Their files may be in batches that are not done, or not even full. */
  async #dispatchHardLinks(): Promise<void> {
    if (this.#hardLinks.packer.count === 0) return;
    await this.#dispatch(this.#files);
    const before = Promise.all(this.#inFlight);
    await this.#dispatch(this.#hardLinks, before);
  }

  /** Waits until there is room, then lets a batch run. */
  async #dispatch(filling: Filling, after?: Promise<unknown>): Promise<void> {
    if (filling.packer.count === 0) return;
    const packed = filling.packer.take();
    const directories = filling.directories;
    filling.directories = [];
    while (this.#inFlight.size >= this.#parts.slots) await Promise.race(this.#inFlight);
    const task: Promise<void> = this.#runBatch(packed, directories, after)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#inFlight.delete(task));
    this.#inFlight.add(task);
    this.#stopIfAsked();
  }

  async #runBatch(
    packed: PackedEntries,
    directories: readonly Directory[],
    after: Promise<unknown> | undefined,
  ): Promise<void> {
    await after;
    if (this.#failure !== undefined || this.#parts.options.signal?.aborted) return;
    const result = await this.#parts.runBatch(packed);
    this.#parts.tally.batch(packed, result);
    for (const directory of directories) this.#parts.directories.release(directory);
  }

  #stopIfAsked(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#parts.options.signal?.aborted) throw interruption();
  }
}

/** setuid and setgid. */
const SET_ID = 0o6000;

function unequalGroup(path: string): Failure {
  return {
    ...{ what: 'cannot make a hard link', code: 'INGOT_UNEQUAL_GROUP', path },
    why: 'the snapshot says that it is a name of a file that differs; it is restored as another file',
  };
}
