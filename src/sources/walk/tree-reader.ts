import { setTimeout } from 'node:timers/promises';
import { errnoOf, printable } from '../../errors.ts';
import { toFsPath } from '../../names.ts';
import { nodeFiles } from '../../native/files.ts';
import type { KnownDirectory, WalkedDirectory } from '../found-files.ts';
import { LongPaths } from '../long-paths.ts';
import type { EntryStatus } from '../mode-status.ts';
import { type DirectoryOps, nodeDirectoryOps, type RawEntry, readDirectory } from './directory.ts';
import type { FoundDirectory, WalkSink } from './entries.ts';
import { EntrySorter, type Met } from './entry-sorter.ts';
import type { Excludes } from './exclude/excludes.ts';
import type { NamedEntries, Tree } from './named-entries.ts';
import type { Outputs } from './outputs.ts';
import { RefusedDirectories } from './refused-directories.ts';
import type { SourceRoots } from './source-roots.ts';
import { withoutLinks } from './sources.ts';
import type { StoreExclusion } from './store-exclusion.ts';
import { below } from './tree-paths.ts';
import { walkTurns } from './turns.ts';

/** What holds for every tree of a walk. */
export interface WalkRules {
  readonly excludes?: Excludes | undefined;
  readonly oneFileSystem: boolean;
  /** Left out wherever they are met. */
  readonly store?: StoreExclusion | undefined;
  readonly outputs?: Outputs | undefined;
  /** Is told of mount points. */
  readonly roots?: SourceRoots | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly ops?: DirectoryOps | undefined;
  /** Directories whose names need not be read. */
  readonly known?: KnowsDirectory | undefined;
}

/** Gives what a directory holds, if it is certain. */
export type KnowsDirectory = (directory: EnteredDirectory) => KnownDirectory | undefined;

export type EnteredDirectory = Pick<FoundDirectory, 'inTree' | 'status' | 'path'> & {
  readonly lookedAt: number;
};

/** A directory that is about to be read. */
interface Entered {
  /** As calls take it. */
  readonly path: string | Buffer;
  readonly stats: EntryStatus;
  /** Milliseconds since 1970. */
  readonly lookedAt: number;
}

/** What has been met of a directory so far. */
interface Read {
  readonly subdirectories: readonly string[];
  /** Names that were read; those of files and links that were handed on. */
  readonly counts: { read: number; handed: number };
}

/** What has been read of a directory, once a pause is over. */
interface Chunk {
  readonly entries: readonly RawEntry[];
  readonly pauseMs: number;
}

/** Characters: fewer than a call takes, whatever they are. */
const MAX_KNOWN_PATH = 1_000;

/** Milliseconds to wait for workers to close files when no descriptor is free: 2 s in all. */
const DESCRIPTOR_WAITS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

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
  readonly #refused: RefusedDirectories;
  readonly #long = new LongPaths(nodeFiles);
  #device: number | undefined;

  constructor(tree: Tree, rules: WalkRules, named: NamedEntries, sink: WalkSink) {
    this.#tree = tree;
    this.#withoutLinks = withoutLinks(tree);
    this.#rules = rules;
    this.#sorter = new EntrySorter(tree.realPath, rules, named, sink);
    this.#sink = sink;
    this.#ops = rules.ops ?? nodeDirectoryOps;
    this.#refused = new RefusedDirectories(sink, this.#ops);
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
    const known = this.#known(walked, entered);
    if (known !== undefined) return await this.#handOn(walked, known);
    const turns = walkTurns(this.#rules.signal);
    const counts = { read: 0, handed: 0 };
    for (const { entries, pauseMs } of this.#chunks(walked, entered, { subdirectories, counts })) {
      counts.read += entries.length;
      if (pauseMs > 0) await setTimeout(pauseMs);
      this.#rules.signal?.throwIfAborted();
      for (let at = 0; at < entries.length; ) {
        // Even where few names are files: signals and messages of workers wait for the event loop.
        if (turns.isDue()) await turns.take();
        const met: Met = { ...walked, relative, names: [], links: [], subdirectories };
        at = this.#sorter.sort(entries, at, met, turns);
        for (const found of [met.names, met.links]) {
          if (found.length === 0) continue;
          counts.handed += found.length;
          const more = this.#sink.files({ ...walked, names: found, areLinks: found === met.links });
          if (more !== undefined) await more;
        }
      }
    }
    return subdirectories;
  }

  /** Not of one whose path is too long for one call. */
  #known({ directory, inTree }: WalkedDirectory, entered: Entered): KnownDirectory | undefined {
    const { stats, lookedAt } = entered;
    if (directory.length > MAX_KNOWN_PATH || this.#rules.known === undefined) return undefined;
    const path = this.#withoutLink(entered.path);
    return this.#rules.known({ inTree, status: stats.status, path, lookedAt });
  }

  async #handOn(
    walked: WalkedDirectory,
    { record, entries, subdirectories }: KnownDirectory,
  ): Promise<readonly string[]> {
    this.#rules.signal?.throwIfAborted();
    const more = this.#sink.files({ ...walked, names: [], known: { record, entries } });
    if (more !== undefined) await more;
    this.#sink.knownDirectory(record);
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
      this.#refused.unseen({ path: directory, inTree: isRoot ? undefined : inTree }, error);
      return undefined;
    }
    const lookedAt = Date.now();
    this.#device ??= stats.dev;
    if (!stats.isDirectory()) {
      this.#refused.replaced({ path: directory, inTree }, stats);
      return undefined;
    }
    if (this.#isLeftOut(walked, { path, isRoot, stats })) return undefined;
    if (stats.dev !== this.#device) this.#rules.roots?.addMount(directory, stats.dev);
    return { path, stats, lookedAt };
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
  *#chunks(
    { directory, inTree }: WalkedDirectory,
    entered: Entered,
    { subdirectories, counts }: Read,
  ): Generator<Chunk> {
    const { path, stats, lookedAt } = entered;
    const found = { inTree, path: this.#withoutLink(path), status: stats.status };
    for (const pauseMs of [...DESCRIPTOR_WAITS, 0]) {
      let lacks: string | undefined;
      try {
        for (const entries of readDirectory(path, stats.size, this.#ops))
          yield { entries, pauseMs: 0 };
      } catch (error) {
        lacks = errnoOf(error);
        const isShort = NO_DESCRIPTOR.has(lacks ?? '') && pauseMs > 0;
        if (!isShort) this.#refused.unread(directory, path, error);
        else {
          yield { entries: [], pauseMs };
          continue;
        }
      }
      const { read, handed } = counts;
      const holds =
        lacks === undefined && read === handed + subdirectories.length
          ? { entries: handed, subdirectories }
          : undefined;
      return this.#sink.directory({ ...found, lacks, holds, lookedAt });
    }
  }

  /** Of a root that may be a link. */
  #withoutLink(path: string | Buffer): string | Buffer {
    return path === this.#tree.path ? toFsPath(this.#withoutLinks) : path;
  }
}

function joinBelow(root: string, relative: string): string {
  if (relative === '/') return root;
  return root === '/' ? relative : root + relative;
}
