/** Removes from directories that were there what the snapshot does not have in them. */
import { hasErrno } from '../../errors.ts';
import { escapeName, joinPath, toBytes } from '../../names.ts';
import type { AtCalls } from '../../native/at.ts';
import { AtStatus } from '../../native/at-status.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import {
  DIRENTS_BYTES,
  DT_DIR,
  DT_UNKNOWN,
  direntName,
  direntType,
  nextDirent,
} from '../../native/dirents.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { Libc } from '../../native/libc.ts';
import { type Entry, keyOfEntry } from '../../snapshot/entry.ts';
import { compareKeys } from '../../snapshot/position.ts';
import { ExternalSort } from '../../sort/external-sort.ts';
import { Turns } from '../../turns.ts';
import { pathIn } from '../paths.ts';
import { entryFailure, interruption } from '../refusals.ts';
import type { Directory } from './directories.ts';
import type { Selection } from './selection.ts';
import type { Tally } from './tally.ts';
import type { Target } from './target.ts';

export interface DeletionContext {
  readonly at: AtCalls;
  readonly files: Files;
  readonly readEntries: NonNullable<Libc['readEntries']>;
  readonly target: Target;
  readonly selection: Selection;
  readonly tally: Tally;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Names of a directory of this size need little memory to be sorted. */
const FEW_NAMES_BYTES = 64 << 10;
const NO_PAYLOAD = Buffer.alloc(0);

/** A name in a directory of TARGET, with a slash after that of a directory. */
type Key = string;

export class Deletion {
  readonly #context: DeletionContext;
  readonly #status = new AtStatus();

  constructor(context: DeletionContext) {
    this.#context = context;
  }

  /**
   * `entries` are those that the snapshot has in the directory. What patterns leave out stays, and so
   * does what the snapshot says it lacks. Throws an IngotError.
   */
  async clean(directory: Directory, entries: AsyncIterable<Entry>): Promise<void> {
    const { at, files, target } = this.#context;
    // Which names it has nobody knows for certain.
    if (directory.entry?.lacks !== undefined) return;
    let fd: SourceFd;
    try {
      fd = at.openDirectory(target.fd!, directory.path, true);
    } catch (error) {
      this.#fail(directory.path, error);
      return;
    }
    at.statusOfOpen(fd, this.#status);
    const chunkBytes = this.#status.size > FEW_NAMES_BYTES ? undefined : 2 * FEW_NAMES_BYTES;
    const sort = new ExternalSort('cannot sort the names of a directory', { chunkBytes });
    try {
      this.#list(fd, (key) => sort.add(toBytes(key), NO_PAYLOAD));
      await this.#removeOthers(fd, directory, sort, entries);
    } catch (error) {
      this.#fail(directory.path, error);
    } finally {
      sort.close();
      files.close(fd);
    }
  }

  async #removeOthers(
    fd: AnyDescriptor,
    directory: Directory,
    sort: ExternalSort,
    entries: AsyncIterable<Entry>,
  ): Promise<void> {
    const turns = new Turns({ signal: this.#context.signal });
    const known = entries[Symbol.asyncIterator]();
    const missing = new Set<string>();
    let entry = await known.next();
    for (const { bytes, payloadAt, payloadLength, keyLength } of sort.sorted()) {
      const keyAt = payloadAt + payloadLength;
      const key = escapeName(bytes.subarray(keyAt, keyAt + keyLength));
      while (!entry.done && compareKeys(nameKey(entry.value), key) < 0) {
        if (entry.value.type === 'missing') missing.add(nameKey(entry.value));
        entry = await known.next();
      }
      const isKnown = !entry.done && nameKey(entry.value) === key;
      const name = key.endsWith('/') ? key.slice(0, -1) : key;
      if (!isKnown && !missing.has(name)) this.#remove(fd, directory.path, key);
      if (turns.isDue()) await turns.take();
    }
  }

  #remove(fd: AnyDescriptor, directory: string, key: Key): void {
    const isDirectory = key.endsWith('/');
    const name = isDirectory ? key.slice(0, -1) : key;
    const path = pathIn(directory, name);
    try {
      this.#removeTree(fd, name, path, isDirectory);
    } catch (error) {
      this.#fail(path, error);
    }
  }

  /** False when something of it stays, since patterns leave it out. Throws what the calls fail with. */
  #removeTree(fd: AnyDescriptor, name: string, path: string, isDirectory: boolean): boolean {
    const { at, dryRun, selection, tally } = this.#context;
    if (selection.leavesOut(path, isDirectory)) return false;
    if (isDirectory && !this.#empty(fd, name, path)) return false;
    if (!dryRun && isDirectory) at.removeDirectory(fd, name);
    else if (!dryRun) at.unlink(fd, name);
    tally.removed(path);
    return true;
  }

  #empty(above: AnyDescriptor, name: string, path: string): boolean {
    const { at, files } = this.#context;
    const fd = at.openDirectory(above, name, true);
    try {
      const keys: Key[] = [];
      this.#list(fd, (key) => keys.push(key));
      let isEmpty = true;
      for (const key of keys) {
        const isDirectory = key.endsWith('/');
        const below = isDirectory ? key.slice(0, -1) : key;
        const isGone = this.#removeTree(fd, below, pathIn(path, below), isDirectory);
        isEmpty = isGone && isEmpty;
      }
      return isEmpty;
    } finally {
      files.close(fd);
    }
  }

  #list(fd: AnyDescriptor, take: (key: Key) => void): void {
    const { readEntries } = this.#context;
    const buffer = Buffer.alloc(DIRENTS_BYTES);
    for (let end = readEntries(fd, buffer); end > 0; end = readEntries(fd, buffer))
      for (let at = 0; at < end; at = nextDirent(buffer, at)) {
        const name = escapeName(direntName(buffer, at));
        if (name === '.' || name === '..') continue;
        const isDirectory = this.#isDirectory(fd, name, direntType(buffer, at));
        take(isDirectory ? `${name}/` : name);
      }
  }

  #isDirectory(fd: AnyDescriptor, name: string, type: number): boolean {
    if (type !== DT_UNKNOWN) return type === DT_DIR;
    return this.#context.at.status(fd, name, this.#status) && this.#status.isDirectory;
  }

  #fail(path: string, error: unknown): void {
    const { signal, target, tally } = this.#context;
    if (signal?.aborted) throw interruption();
    if (hasErrno(error, 'ENOENT')) return;
    const where = { path: joinPath(target.path, path), target: target.path };
    const failure = entryFailure('cannot remove what the snapshot does not have', error, where);
    tally.failed(path, undefined, failure);
  }
}

/** An entry's name as the key that it has in its directory. */
function nameKey(entry: Entry): Key {
  const key = keyOfEntry(entry);
  return key.slice(key.lastIndexOf('/', key.length - 2) + 1);
}
