import { errnoOf } from '../../errors.ts';
import { toFsPath } from '../../names.ts';
import type { FileStatus } from '../../native/file-status.ts';
import type { DirectoryOps } from './directory.ts';
import type { WalkSink } from './entries.ts';
import { waysOf } from './tree-paths.ts';

/**
 * Hands on the directories that lead to what was named, each once: nobody walks them, and a tree has
 * them all the same. Memory grows with what was named.
 */
export class TreeWays {
  readonly #sink: Pick<WalkSink, 'onTheWay'>;
  readonly #ops: DirectoryOps;
  readonly #known = new Set<string>();
  #last: string | undefined;

  constructor(sink: Pick<WalkSink, 'onTheWay'>, ops: DirectoryOps) {
    this.#sink = sink;
    this.#ops = ops;
  }

  /** The directories above what lies at a path, and with `itself` what lies there, too. */
  to(path: string, itself: boolean): void {
    if (path === this.#last) return;
    this.#last = path;
    const ways = waysOf(path);
    if (!itself) ways.pop();
    for (const way of ways) {
      if (this.#known.has(way.inTree)) continue;
      this.#known.add(way.inTree);
      const path = toFsPath(way.path);
      this.#sink.onTheWay({ inTree: way.inTree, path, ...this.#lookAt(path) });
    }
  }

  #lookAt(path: string | Buffer): { readonly status: FileStatus; readonly lacks?: string } {
    try {
      return { status: this.#ops.statSync(path).status };
    } catch (error) {
      const lacks = errnoOf(error);
      if (lacks === undefined) throw error;
      return { status: UNKNOWN, lacks };
    }
  }
}

/** Of a directory that went, or may not be looked at. */
const UNKNOWN: FileStatus = {
  ...{ mode: 0o40755, size: 0, device: 0, inode: 0, inodeLow: 0, links: 1, uid: 0, gid: 0 },
  ...{ modifiedSeconds: 0, modifiedNanoseconds: 0, changedSeconds: 0, changedNanoseconds: 0 },
};
