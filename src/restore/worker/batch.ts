/**
 * Makes the files and links of a batch. All calls are synchronous and share one buffer: the worker is
 * a thread of its own. Nothing is done by a path: each name is made in its directory, which is opened
 * below TARGET without following a link.
 */
import { errnoOf, type Failure } from '../../errors.ts';
import { escapeName, joinPath } from '../../names.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import type { SourceFd } from '../../native/files.ts';
import { type BatchResult, CODE, type Code, type RestoreSetup } from '../messages.ts';
import { KIND, type PackedEntries, Unpacker } from '../packed-entries.ts';
import { entryFailure, existsError } from '../refusals.ts';
import { Shortfalls } from '../shortfalls.ts';
import { ContentsAhead } from './contents-ahead.ts';
import { FileWriter, Stopped } from './file-writer.ts';
import { setLinkMetadata } from './metadata.ts';
import { OpenDirectories } from './open-directories.ts';
import type { Thread } from './thread.ts';

/** With these a file cannot have a further name, here or where its first one is: it is made anew. */
const LINK_REFUSALS = new Set<string | undefined>([
  ...['EPERM', 'EACCES', 'EMLINK', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EXDEV'],
  ...['ENOENT', 'ENOTDIR', 'ELOOP'],
]);

const WHAT: Readonly<Record<number, string>> = {
  [KIND.file]: 'cannot restore a file',
  [KIND.hardLink]: 'cannot restore a file',
  [KIND.link]: 'cannot restore a link',
};

export class BatchRestore {
  readonly #entries: Unpacker;
  readonly #setup: RestoreSetup;
  readonly #thread: Thread;
  readonly #directories: OpenDirectories;
  readonly #shortfalls = new Shortfalls();
  readonly #ahead: ContentsAhead;
  readonly #writer: FileWriter;
  readonly #outcomes: Uint8Array;
  readonly #problems: { index: number; failure: Failure }[] = [];

  constructor(packed: PackedEntries, setup: RestoreSetup, thread: Thread) {
    this.#entries = new Unpacker(packed);
    this.#setup = setup;
    this.#thread = thread;
    this.#directories = new OpenDirectories(setup.root, thread);
    this.#ahead = new ContentsAhead(packed, setup, thread);
    this.#writer = new FileWriter(this.#entries, this.#parts, this.#ahead);
    this.#outcomes = new Uint8Array(packed.count);
  }

  /** Throws an IngotError when no entry could be restored any more. */
  run(): BatchResult {
    const { stop, entriesDone } = this.#thread;
    try {
      while (this.#entries.advance() && Atomics.load(stop, 0) === 0) {
        const { index } = this.#entries;
        this.#ahead.before(index);
        this.#outcomes[index] = this.#restore();
        Atomics.add(entriesDone, 0, 1);
      }
    } finally {
      this.#directories.close();
      this.#writer.countRead();
    }
    return {
      outcomes: this.#outcomes,
      bytes: this.#writer.bytes,
      problems: this.#problems,
      shortfalls: this.#shortfalls.all,
      reads: this.#ahead.cost,
    };
  }

  #restore(): Code {
    const { kind } = this.#entries;
    try {
      if (kind === KIND.file) return this.#file();
      return kind === KIND.link ? this.#link() : this.#hardLink();
    } catch (error) {
      if (error instanceof Stopped) return CODE.notDone;
      const { index, path, size } = this.#entries;
      const { target } = this.#setup;
      const where = { path: joinPath(target, path), target, needed: size };
      this.#problems.push({ index, failure: entryFailure(WHAT[kind]!, error, where) });
      return CODE.failed;
    }
  }

  /** A dry run makes no directories. */
  get #isDry(): boolean {
    return this.#setup.dryRun && this.#entries.directory.isNew;
  }

  #file(): Code {
    if (this.#isDry) return CODE.new;
    const directory = this.#directory();
    const found = this.#find(directory, () => this.#isSameFile());
    if (found === CODE.left) this.#thread.width.passed();
    else if (!this.#setup.dryRun) this.#writer.write(directory, found);
    return found;
  }

  #link(): Code {
    if (this.#isDry) return CODE.new;
    const directory = this.#directory();
    const { name, target } = this.#entries;
    const found = this.#find(directory, () => this.#isSameLink(directory));
    if (found === CODE.left || this.#setup.dryRun) return found;
    if (found === CODE.replaced) this.#writer.makeRoom(directory);
    this.#thread.at.makeLink(directory, name, target);
    setLinkMetadata(directory, this.#entries, this.#parts);
    return found;
  }

  #hardLink(): Code {
    if (this.#isDry) return CODE.new;
    const directory = this.#directory();
    const { at, status } = this.#thread;
    const { target: first, name } = this.#entries;
    const isThere = this.#setup.overwrite !== undefined && this.#isFirstSame(first);
    const { identity } = status;
    const found = this.#find(directory, () => isThere && status.identity === identity);
    if (found === CODE.left || this.#setup.dryRun) return found;
    if (this.#setup.overwrite !== undefined && !isThere) {
      this.#writer.write(directory, found);
      return found;
    }
    if (found === CODE.replaced) this.#writer.makeRoom(directory);
    try {
      const [from, old] = this.#directories.ofPath(first);
      at.link(from, old, directory, name);
    } catch (error) {
      if (!LINK_REFUSALS.has(errnoOf(error))) throw error;
      this.#writer.write(directory, CODE.new);
      this.#shortfalls.add('hard link', this.#writer.path, error);
    }
    return found;
  }

  get #parts() {
    return { setup: this.#setup, thread: this.#thread, shortfalls: this.#shortfalls };
  }

  #directory(): SourceFd {
    return this.#directories.at(this.#entries.directory.path);
  }

  /** What is to become of the entry. */
  #find(directory: AnyDescriptor, isSame: () => boolean): Code {
    const { directory: its, name } = this.#entries;
    if (its.isNew || !this.#thread.at.status(directory, name, this.#thread.status)) return CODE.new;
    switch (this.#setup.overwrite) {
      case undefined:
        throw existsError('open');
      case 'never':
        return CODE.left;
      case 'if-changed':
        return isSame() ? CODE.left : CODE.replaced;
      default:
        return CODE.replaced;
    }
  }

  #isSameFile(): boolean {
    const { status } = this.#thread;
    const { size, mtime, mode } = this.#entries;
    return (
      status.isFile &&
      status.size === size &&
      status.mtime === mtime &&
      status.mode === mode &&
      this.#isSameOwner()
    );
  }

  #isSameLink(directory: AnyDescriptor): boolean {
    const { at, status } = this.#thread;
    const { name, mtime, target } = this.#entries;
    if (!status.isLink || status.mtime !== mtime || !this.#isSameOwner()) return false;
    return escapeName(at.readLink(directory, name)) === target;
  }

  #isSameOwner(): boolean {
    const { status } = this.#thread;
    const { uid, gid } = this.#entries;
    return !this.#setup.owner || (status.uid === uid && status.gid === gid);
  }

  /** What has the first name of a hard link may be a file of the user's own. */
  #isFirstSame(first: string): boolean {
    try {
      const [directory, name] = this.#directories.ofPath(first);
      return this.#thread.at.status(directory, name, this.#thread.status) && this.#isSameFile();
    } catch (error) {
      if (!LINK_REFUSALS.has(errnoOf(error))) throw error;
      return false;
    }
  }
}
