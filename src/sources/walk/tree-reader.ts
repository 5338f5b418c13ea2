import { setTimeout } from 'node:timers/promises';
import { errnoOf, failed, printable, SHORTAGES } from '../../errors.ts';
import { toFsPath } from '../../names.ts';
import { nodeFiles } from '../../native/files.ts';
import type { WalkedDirectory } from '../found-files.ts';
import { unsupportedKind } from '../kind.ts';
import { LongPaths } from '../long-paths.ts';
import type { EntryStatus } from '../mode-status.ts';
import { type DirectoryOps, nodeDirectoryOps, type RawEntry, readDirectory } from './directory.ts';
import type { FoundEntry, WalkSink } from './entries.ts';
import { EntrySorter, type Met } from './entry-sorter.ts';
import type { Excludes } from './exclude/excludes.ts';
import type { NamedEntries, Tree } from './named-entries.ts';
import type { SourceRoots } from './source-roots.ts';
import { withoutLinks } from './sources.ts';
import type { StoreExclusion } from './store-exclusion.ts';
import { below } from './tree-paths.ts';
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
  readonly stats: EntryStatus;
}

/** What has been read of a directory, once a pause is over. */
interface Chunk {
  readonly entries: readonly RawEntry[];
  readonly pauseMs: number;
}

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
  readonly #sorter: EntrySorter;
  readonly #sink: WalkSink;
  readonly #ops: DirectoryOps;
  readonly #long = new LongPaths(nodeFiles);
  #device: number | undefined;

  constructor(tree: Tree, rules: WalkRules, named: NamedEntries, sink: WalkSink) {
    this.#tree = tree;
    this.#withoutLinks = withoutLinks(tree);
    this.#rules = rules;
    this.#sorter = new EntrySorter(tree.realPath, rules, named, sink);
    this.#sink = sink;
    this.#ops = rules.ops ?? nodeDirectoryOps;
  }

  /** A DirectoryReader (see exact-fs.ts). Rejects when the run cannot go on. */
  async read(relative: string): Promise<readonly string[]> {
    this.#rules.signal?.throwIfAborted();
    const walked = {
      directory: joinBelow(this.#tree.path, relative),
      withoutLinks: joinBelow(this.#withoutLinks, relative),
      inTree: below(this.#tree.inTree, relative.slice(1)),
    };
    const subdirectories: string[] = [];
    const entered = this.#enter(walked, relative === '/');
    if (entered === undefined) return subdirectories;
    const turns = walkTurns(this.#rules.signal);
    for (const { entries, pauseMs } of this.#chunks(walked, entered)) {
      if (pauseMs > 0) await setTimeout(pauseMs);
      this.#rules.signal?.throwIfAborted();
      for (let at = 0; at < entries.length; ) {
        // Even where few names are files: signals and messages of workers wait for the event loop.
        if (turns.isDue()) await turns.take();
        const met: Met = { ...walked, relative, names: [], links: [], subdirectories };
        at = this.#sorter.sort(entries, at, met, turns);
        for (const found of [met.names, met.links]) {
          if (found.length === 0) continue;
          const more = this.#sink.files({ ...walked, names: found, areLinks: found === met.links });
          if (more !== undefined) await more;
        }
      }
    }
    return subdirectories;
  }

  /** To be called when no directory is being read. */
  close(): void {
    this.#long.close();
  }

  /** Undefined when the directory is left out. */
  #enter(walked: WalkedDirectory, isRoot: boolean): Entered | undefined {
    const { directory, inTree } = walked;
    let path: string | Buffer;
    let stats: EntryStatus;
    try {
      path = this.#long.shorten(toFsPath(directory));
      // Only a root may be a link: below it, a link that lstat sees has taken a directory's place.
      stats = isRoot ? this.#ops.statSync(path) : this.#ops.lstatSync(path);
    } catch (error) {
      this.#refuse({ path: directory, inTree: isRoot ? undefined : inTree }, error, GONE);
      return undefined;
    }
    this.#device ??= stats.dev;
    if (!stats.isDirectory()) {
      this.#replaced({ path: directory, inTree }, stats);
      return undefined;
    }
    if (this.#isLeftOut(walked, { path, isRoot, stats })) return undefined;
    if (stats.dev !== this.#device) this.#rules.roots?.addMount(directory, stats.dev);
    return { path, stats };
  }

  /** Ends a name that was a directory's when it was read, and is something else's now. */
  #replaced(entry: FoundEntry, stats: EntryStatus): void {
    const { path } = entry;
    const kind = stats.isFile() || stats.isSymbolicLink() ? undefined : unsupportedKind(stats);
    if (kind !== undefined) this.#sink.unsupported(entry, kind);
    else this.#sink.vanished(entry, { what: VANISHED, code: 'ENOTDIR', path });
  }

  #isLeftOut(
    { directory, inTree }: WalkedDirectory,
    { path, isRoot, stats }: { path: string | Buffer; isRoot: boolean; stats: EntryStatus },
  ): boolean {
    const { store, oneFileSystem } = this.#rules;
    if (store?.isAt(path, stats) || (isRoot && store?.holds(this.#tree.realPath))) {
      store.notify(this.#sink);
      return true;
    }
    if (!oneFileSystem || stats.dev === this.#device) return false;
    this.#sink.notice(`${printable(directory)} is on another file system and is left out`);
    // As an empty directory: whoever restores the tree can mount something there.
    this.#sink.onTheWay({ inTree, path, status: stats.status });
    return true;
  }

  /** While no descriptor is free: chunks without entries, and a pause. */
  *#chunks({ directory, inTree }: WalkedDirectory, entered: Entered): Generator<Chunk> {
    const { path, stats } = entered;
    const found = { inTree, path: this.#withoutLink(path), status: stats.status };
    for (const pauseMs of [...DESCRIPTOR_WAITS, 0]) {
      let lacks: string | undefined;
      try {
        for (const entries of readDirectory(path, stats.size, this.#ops))
          yield { entries, pauseMs: 0 };
      } catch (error) {
        lacks = errnoOf(error);
        const isShort = NO_DESCRIPTOR.has(lacks ?? '') && pauseMs > 0;
        if (!isShort) this.#failed({ directory, path }, error);
        else {
          yield { entries: [], pauseMs };
          continue;
        }
      }
      return this.#sink.directory({ ...found, lacks });
    }
  }

  #failed({ directory, path }: { directory: string; path: string | Buffer }, error: unknown): void {
    const opening = OPENING.has((error as NodeJS.ErrnoException).syscall ?? '');
    const gone = opening && !this.#isThere(path) ? GONE : NEVER;
    this.#refuse({ path: directory, inTree: undefined }, error, gone);
  }

  /** Of a root that may be a link. */
  #withoutLink(path: string | Buffer): string | Buffer {
    return path === this.#tree.path ? toFsPath(this.#withoutLinks) : path;
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
  #refuse(entry: FoundEntry, error: unknown, gone: ReadonlySet<string>): void {
    const { path } = entry;
    const code = errnoOf(error);
    // It is the process that is short of descriptors or memory, not the directory.
    if (code === undefined || SHORTAGES.has(code)) throw failed(UNREADABLE, error, { path });
    if (gone.has(code)) this.#sink.vanished(entry, { what: VANISHED, code, path });
    else this.#sink.unreadable(entry, { what: UNREADABLE, code, path });
  }
}

function joinBelow(root: string, relative: string): string {
  if (relative === '/') return root;
  return root === '/' ? relative : root + relative;
}
