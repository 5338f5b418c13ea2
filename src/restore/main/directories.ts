/**
 * The directories of a restore, from TARGET down to the current one. One gets its mode and its time
 * when all that lies in it is done: so each is finished after those in it, and only those that are
 * not finished take memory.
 */
import fs from 'node:fs';
import { bestEffort } from '../../errors.ts';
import { joinPath } from '../../names.ts';
import type { AtCalls } from '../../native/at.ts';
import { AtStatus } from '../../native/at-status.ts';
import { type AnyDescriptor, numberOf } from '../../native/descriptor.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { XattrReader, XattrWriter } from '../../native/xattrs.ts';
import type { DirectoryEntry } from '../../snapshot/entry.ts';
import { splitPath } from '../paths.ts';
import { entryFailure, existsError, staysInTheWay } from '../refusals.ts';
import type { Overwrite } from '../report.ts';
import { Shortfalls } from '../shortfalls.ts';
import { DEFAULT_ACL, setDirectoryMetadata } from './directory-metadata.ts';
import type { Tally } from './tally.ts';
import type { Target } from './target.ts';

/**
 * `planned`: not made before something lies in it. `new`: made by this run. `there`: it was there.
 * `failed`, `excluded`: nothing comes into it.
 */
export type State = 'planned' | 'new' | 'there' | 'failed' | 'excluded';

export interface Directory {
  /** Relative to TARGET. */
  readonly path: string;
  readonly parent: Directory | undefined;
  /** Undefined where the snapshot says nothing of it. */
  readonly entry: DirectoryEntry | undefined;
  readonly isIncluded: boolean;
  state: State;
  /** What lies in it and is not done yet; 1 for the walk that is in it. */
  pending: number;
}

export interface DirectoryContext {
  readonly at: AtCalls;
  readonly files: Files;
  readonly xattrs: XattrWriter | undefined;
  readonly xattrReader: XattrReader | undefined;
  readonly target: Target;
  readonly overwrite: Overwrite | undefined;
  readonly dryRun: boolean;
  readonly owner: boolean;
  readonly tally: Tally;
}

/** While a run is in it, nobody else may enter a directory. */
const MODE_TO_MAKE = 0o700;

export class Directories {
  readonly #context: DirectoryContext;
  readonly #status = new AtStatus();
  readonly root: Directory;
  /** The one that the walk is in. */
  current: Directory;
  #inheritsAcl = false;
  /** The one that was opened last, to make others in it. */
  #opened: { readonly path: string; readonly fd: SourceFd } | undefined;

  constructor(context: DirectoryContext, entry: DirectoryEntry | undefined, isIncluded: boolean) {
    this.#context = context;
    const state = context.target.isNew ? 'new' : 'there';
    this.root = { ...{ path: '', parent: undefined, entry, isIncluded, state }, pending: 1 };
    this.current = this.root;
  }

  /** Leaves directories until the current one leads to the path, and enters what is between. */
  goTo(path: string): void {
    while (!isBelow(path, this.current.path)) this.#leave();
    while (this.current.path !== path) {
      const from = this.current.path === '' ? 0 : this.current.path.length + 1;
      const end = path.indexOf('/', from);
      // A segment that is damaged had its line.
      this.enter(end < 0 ? path : path.slice(0, end), undefined, this.current.isIncluded);
    }
  }

  /** Into a directory of the current one. */
  enter(path: string, entry: DirectoryEntry | undefined, isIncluded: boolean): Directory {
    const parent = this.current;
    const { state } = parent;
    const isClosed = state === 'failed' || state === 'excluded';
    const own = isClosed ? state : 'planned';
    this.current = { path, parent, entry, isIncluded, state: own, pending: 1 };
    parent.pending++;
    return this.current;
  }

  /** Makes the directory, or finds it, with those that lead to it. Throws an IngotError. */
  make(directory: Directory): void {
    if (directory.state !== 'planned') return;
    const { parent, path } = directory;
    this.make(parent!);
    if (parent!.state !== 'new' && parent!.state !== 'there') {
      directory.state = parent!.state;
      return;
    }
    const { tally, target } = this.#context;
    try {
      const outcome = this.#made(directory);
      // One whose line is lost counts among the lost entries.
      if (directory.entry !== undefined) tally.directory(path, outcome);
    } catch (error) {
      directory.state = 'failed';
      const where = { path: joinPath(target.path, path), target: target.path };
      tally.failed(path, 'directory', entryFailure('cannot make a directory', error, where));
    }
  }

  /** Something of a batch lies in it. */
  hold(directory: Directory): void {
    directory.pending++;
  }

  release(directory: Directory): void {
    let at: Directory | undefined = directory;
    while (at !== undefined && --at.pending === 0) {
      this.#finish(at);
      at = at.parent;
    }
  }

  /** Leaves all, TARGET too. */
  leaveAll(): void {
    while (this.current !== this.root) this.#leave();
    this.release(this.root);
  }

  close(): void {
    if (this.#opened !== undefined) this.#context.files.close(this.#opened.fd);
    this.#opened = undefined;
  }

  /** Open below TARGET, as long as no other one is asked for. Throws what open(2) fails with. */
  open(path: string): AnyDescriptor {
    if (this.#opened?.path === path) return this.#opened.fd;
    this.close();
    const { at, target } = this.#context;
    this.#opened = { path, fd: at.openDirectory(target.fd!, path) };
    return this.#opened.fd;
  }

  #leave(): void {
    const left = this.current;
    this.current = left.parent!;
    this.release(left);
  }

  /**
   * Takes from TARGET the default ACL, which all that is made in it would get; it gets its own in the
   * end. True where it keeps it, since the snapshot says nothing of TARGET.
   */
  inheritsAcl(): boolean {
    const { dryRun, overwrite, target, xattrReader, xattrs } = this.#context;
    if (dryRun || target.fd === undefined || xattrs === undefined) return false;
    const found = xattrReader?.ofOpen(target.fd, (name) => name === DEFAULT_ACL) ?? [];
    if (found.length === 0) return false;
    const stays = this.root.entry === undefined || (!target.isNew && overwrite === 'never');
    if (!stays) bestEffort(() => xattrs.removeOpen(target.fd!, DEFAULT_ACL));
    this.#inheritsAcl = stays;
    return stays;
  }

  #made(directory: Directory): 'new' | 'replaced' | 'left' {
    const { at, dryRun, overwrite, target } = this.#context;
    const [above, name] = splitPath(directory.path);
    directory.state = 'new';
    if (directory.parent!.state === 'new') {
      if (dryRun) return 'new';
      at.makeDirectory(this.open(above), name, MODE_TO_MAKE);
      if (above === '' && this.#inheritsAcl) this.#dropDefaultAcl(directory);
      return 'new';
    }
    const parent = this.open(above);
    const isThere = at.status(parent, name, this.#status);
    // TARGET was empty, and this file system may take two names for one.
    if (isThere && overwrite === undefined) throw existsError('mkdir');
    if (isThere && this.#status.isDirectory) {
      directory.state = 'there';
      if (dryRun || overwrite === 'never' || directory.entry === undefined) return 'left';
      this.#openUp(parent, name);
      this.#dropDefaultAcl(directory);
      return 'left';
    }
    if (isThere && overwrite === 'never')
      throw staysInTheWay(joinPath(target.path, directory.path));
    if (dryRun) return isThere ? 'replaced' : 'new';
    if (isThere) at.unlink(parent, name);
    at.makeDirectory(parent, name, MODE_TO_MAKE);
    this.#dropDefaultAcl(directory);
    return isThere ? 'replaced' : 'new';
  }

  /** In one that was there, or lies in one that was, what is made would get an ACL. */
  #dropDefaultAcl({ path }: Directory): void {
    const { at, files, target, xattrs } = this.#context;
    bestEffort(() => {
      const fd = at.openDirectory(target.fd!, path, true);
      bestEffort(() => xattrs?.removeOpen(fd, DEFAULT_ACL));
      files.close(fd);
    });
  }

  /** An earlier restore may have taken the right to write into it from its owner. */
  #openUp(parent: AnyDescriptor, name: string): void {
    const { at, files } = this.#context;
    const { mode } = this.#status;
    if ((mode & MODE_TO_MAKE) === MODE_TO_MAKE) return;
    const fd = at.openDirectory(parent, name);
    // What else goes wrong in it is told of its entries.
    bestEffort(() => fs.chmodSync(`/proc/self/fd/${numberOf(fd)}`, mode | MODE_TO_MAKE));
    files.close(fd);
  }

  /** What a directory is besides its names. */
  #finish(directory: Directory): void {
    const { path, entry, state } = directory;
    const { at, files, dryRun, overwrite, tally, target } = this.#context;
    const stays = state === 'there' && overwrite === 'never';
    if (dryRun || stays || (state !== 'new' && state !== 'there')) return;
    // The snapshot says nothing of it, and it is not one of ours.
    if (entry === undefined && (path === '' || state === 'there')) return;
    const shortfalls = new Shortfalls();
    const shown = () => joinPath(target.path, path);
    let fd: SourceFd;
    try {
      fd = at.openDirectory(target.fd!, path, true);
    } catch (error) {
      const what = 'cannot finish a directory';
      const where = { path: shown(), target: target.path };
      tally.failed(path, 'directory', entryFailure(what, error, where));
      return;
    }
    try {
      setDirectoryMetadata(fd, entry, { ...this.#context, shortfalls, path: shown });
    } finally {
      files.close(fd);
    }
    tally.shortfalls(shortfalls.all);
  }
}

/** True for the directory itself, too. */
function isBelow(path: string, directory: string): boolean {
  return directory === '' || path === directory || path.startsWith(`${directory}/`);
}
