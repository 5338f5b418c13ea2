import { setTimeout } from 'node:timers/promises';
import { errnoOf, failed, printable, SHORTAGES } from '../../errors.ts';
import { escapeLatin1Name, joinPath, toFsPath } from '../../names.ts';
import { nodeFiles } from '../../native/files.ts';
import type { Turns } from '../../turns.ts';
import { unsupportedKind } from '../kind.ts';
import { LongPaths } from '../long-paths.ts';
import type { EntryStatus } from '../mode-status.ts';
import { type DirectoryOps, nodeDirectoryOps, type RawEntry, readDirectory } from './directory.ts';
import type { WalkSink } from './entries.ts';
import type { Excludes } from './exclude/excludes.ts';
import { type NamedEntries, splitPath, type Tree } from './named-entries.ts';
import type { SourceRoots } from './source-roots.ts';
import { withoutLinks } from './sources.ts';
import type { StoreExclusion } from './store-exclusion.ts';
import { walkTurns } from './turns.ts';

/** What holds for every tree of a walk. */
export interface WalkRules {
  readonly excludes?: Excludes | undefined;
  readonly oneFileSystem: boolean;
  /** Left out wherever it is met. */
  readonly store?: StoreExclusion | undefined;
  /**
   * The real path of the manifest, which is left out as well: it would list an older state of
   * itself.
   */
  readonly manifest?: string | undefined;
  /** Is told of mount points. */
  readonly roots?: SourceRoots | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly ops?: DirectoryOps | undefined;
}

/** A directory that is about to be read. */
interface Entered {
  /** As calls take it. */
  readonly path: string | Buffer;
  /** Its own, in bytes. */
  readonly size: number;
}

/** What has been read of a directory, once a pause is over. */
interface Chunk {
  readonly entries: readonly RawEntry[];
  readonly pauseMs: number;
}

/** What is found in a directory. */
interface Met {
  readonly directory: string;
  /** The same below the root of the tree, see `read`. */
  readonly relative: string;
  readonly names: string[];
  readonly subdirectories: string[];
}

/** Entries that are looked at, and names handed to the sink, at a time. */
const CHUNK_NAMES = 1024;

const UNREADABLE = 'cannot read a directory';
const VANISHED = 'a directory has vanished';

/** Milliseconds to wait for workers to close files when no descriptor is free: 2 s in all. */
const DESCRIPTOR_WAITS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** The directory was there when its name was read, and is not (a directory) any more. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);
const NEVER: ReadonlySet<string> = new Set();

/**
 * The calls whose failure is the directory's own: after them, its entries are being looked at. To
 * Node both opening and reading it are `scandir`.
 */
const OPENING: ReadonlySet<string> = new Set(['scandir', 'opendir']);

/**
 * Reads the directories of one tree: files go to the sink, directories to fast-glob. An entry that
 * is a source of its own is passed over, so that it is counted once.
 */
export class TreeReader {
  readonly #tree: Tree;
  readonly #withoutLinks: string;
  readonly #rules: WalkRules;
  readonly #named: NamedEntries;
  readonly #sink: WalkSink;
  readonly #ops: DirectoryOps;
  readonly #long = new LongPaths(nodeFiles);
  #device: number | undefined;

  constructor(tree: Tree, rules: WalkRules, named: NamedEntries, sink: WalkSink) {
    this.#tree = tree;
    this.#withoutLinks = withoutLinks(tree);
    this.#rules = rules;
    this.#named = named;
    this.#sink = sink;
    this.#ops = rules.ops ?? nodeDirectoryOps;
  }

  /** A DirectoryReader (see exact-fs.ts). Rejects when the run cannot go on. */
  async read(relative: string): Promise<readonly string[]> {
    this.#rules.signal?.throwIfAborted();
    const directory = joinBelow(this.#tree.path, relative);
    const subdirectories: string[] = [];
    const entered = this.#enter(directory, relative === '/');
    if (entered === undefined) return subdirectories;
    const walked = { directory, withoutLinks: joinBelow(this.#withoutLinks, relative) };
    const turns = walkTurns(this.#rules.signal);
    for (const { entries, pauseMs } of this.#chunks(directory, entered)) {
      if (pauseMs > 0) await setTimeout(pauseMs);
      this.#rules.signal?.throwIfAborted();
      for (let at = 0; at < entries.length; ) {
        // Even where few names are files: signals and messages of workers wait for the event loop.
        if (turns.isDue()) await turns.take();
        const met: Met = { directory, relative, names: [], subdirectories };
        at = this.#filesOf(entries, at, met, turns);
        if (met.names.length === 0) continue;
        const more = this.#sink.files({ ...walked, names: met.names });
        if (more !== undefined) await more;
      }
    }
    return subdirectories;
  }

  /** To be called when no directory is being read. */
  close(): void {
    this.#long.close();
  }

  /** Undefined when the directory is left out. */
  #enter(directory: string, isRoot: boolean): Entered | undefined {
    let path: string | Buffer;
    let stats: EntryStatus;
    try {
      path = this.#long.shorten(toFsPath(directory));
      // Only a root may be a link: below it, a link that lstat sees has taken a directory's place.
      stats = isRoot ? this.#ops.statSync(path) : this.#ops.lstatSync(path);
    } catch (error) {
      this.#refuse(directory, error, GONE);
      return undefined;
    }
    this.#device ??= stats.dev;
    if (!stats.isDirectory()) {
      this.#replaced(directory, stats);
      return undefined;
    }
    if (this.#isLeftOut(directory, { path, isRoot, stats })) return undefined;
    if (stats.dev !== this.#device) this.#rules.roots?.addMount(directory, stats.dev);
    return { path, size: stats.size };
  }

  /** Ends a name that was a directory's when it was read, and is something else's now. */
  #replaced(path: string, stats: EntryStatus): void {
    if (stats.isFile()) this.#sink.vanished(path, { what: VANISHED, code: 'ENOTDIR', path });
    else this.#sink.unsupported(path, unsupportedKind(stats));
  }

  #isLeftOut(
    directory: string,
    { path, isRoot, stats }: { path: string | Buffer; isRoot: boolean; stats: EntryStatus },
  ): boolean {
    const { store, oneFileSystem } = this.#rules;
    if (store?.isAt(path, stats) || (isRoot && store?.holds(this.#tree.realPath))) {
      store.notify(this.#sink);
      return true;
    }
    if (!oneFileSystem || stats.dev === this.#device) return false;
    this.#sink.notice(`${printable(directory)} is on another file system and is left out`);
    return true;
  }

  /** A tree that was named on its own is walked here if it would be walked no differently. */
  #adopts(realDirectory: string, name: string): boolean {
    const { excludes, oneFileSystem } = this.#rules;
    return excludes === undefined && !oneFileSystem && this.#named.adopt(realDirectory, name);
  }

  /** While no descriptor is free: chunks without entries, and a pause. */
  *#chunks(directory: string, { path, size }: Entered): Generator<Chunk> {
    for (const pauseMs of [...DESCRIPTOR_WAITS, 0]) {
      try {
        for (const entries of readDirectory(path, size, this.#ops)) yield { entries, pauseMs: 0 };
        this.#sink.directory();
        return;
      } catch (error) {
        if (!NO_DESCRIPTOR.has(errnoOf(error) ?? '') || pauseMs === 0) {
          const opening = OPENING.has((error as NodeJS.ErrnoException).syscall ?? '');
          const gone = opening && !this.#isThere(path) ? GONE : NEVER;
          return this.#refuse(directory, error, gone);
        }
      }
      yield { entries: [], pauseMs };
    }
  }

  /** A directory that is there is not gone because reading it fails with ENOENT. */
  #isThere(path: string | Buffer): boolean {
    try {
      return this.#ops.lstatSync(path).isDirectory();
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }

  /** Ends a directory that cannot be read: the walk goes on without it. */
  #refuse(path: string, error: unknown, gone: ReadonlySet<string>): void {
    const code = errnoOf(error);
    // It is the process that is short of descriptors or memory, not the directory.
    if (code === undefined || SHORTAGES.has(code)) throw failed(UNREADABLE, error, { path });
    if (gone.has(code)) this.#sink.vanished(path, { what: VANISHED, code, path });
    else this.#sink.unreadable(path, { what: UNREADABLE, code, path });
  }

  /**
   * Adds the names of files, and the directories to walk, from an entry on. Gives the entry to go
   * on with: at the end of a chunk, and where patterns take long at the end of a turn. Without an
   * await: V8 would optimize a loop with one again and again.
   */
  #filesOf(
    entries: readonly RawEntry[],
    from: number,
    { directory, relative, names, subdirectories }: Met,
    turns: Turns,
  ): number {
    const { excludes } = this.#rules;
    const end = Math.min(from + CHUNK_NAMES, entries.length);
    const prefix = relative === '/' ? '' : `${relative.slice(1)}/`;
    const realDirectory = joinBelow(this.#tree.realPath, relative);
    const named = this.#named.within(realDirectory);
    const manifest = nameWithin(realDirectory, this.#rules.manifest);
    for (let at = from; at < end; at++) {
      if (excludes !== undefined && at > from && turns.isDue()) return at;
      const entry = entries[at]!;
      const name = escapeLatin1Name(entry.name);
      if (named?.has(name) && !this.#adopts(realDirectory, name)) continue;
      if (excludes?.excludes(prefix + name, entry.isDirectory()))
        this.#sink.excluded(joinPath(directory, name));
      else if (name === manifest) this.#sink.notice(`the manifest ${printable(name)} is left out`);
      else if (entry.isFile()) names.push(name);
      else if (entry.isDirectory()) subdirectories.push(name);
      else this.#sink.unsupported(joinPath(directory, name), unsupportedKind(entry));
    }
    return end;
  }
}

function joinBelow(root: string, relative: string): string {
  if (relative === '/') return root;
  return root === '/' ? relative : root + relative;
}

/** The name of what lies at a path, if it lies in this very directory. */
function nameWithin(directory: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const [folder, name] = splitPath(path);
  return folder === directory ? name : undefined;
}
