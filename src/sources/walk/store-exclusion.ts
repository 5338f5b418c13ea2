import fs, { type Stats } from 'node:fs';
import { hasErrno, printable } from '../../errors.ts';
import { realPathOf, toFsPath } from '../../names.ts';
import type { WalkSink } from './entries.ts';

/** Keeps a store that lies inside a source from being ingested into itself. */
export class StoreExclusion {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #stats: Stats;
  #notified = false;

  /** `root` has to exist. */
  constructor(root: string) {
    this.#root = root;
    this.#realRoot = realPathOf(root);
    this.#stats = fs.statSync(toFsPath(root));
  }

  /** True when the directory with these stats is the store, under whatever name. */
  isAt(path: string | Buffer, stats: Pick<Stats, 'ino' | 'dev'>): boolean {
    if (stats.ino !== this.#stats.ino || stats.dev !== this.#stats.dev) return false;
    // Numbers round inodes above 2^53: where they are equal, the exact ones decide.
    const inodeOf = (at: string | Buffer) => fs.statSync(at, { bigint: true }).ino;
    return inodeOf(path) === inodeOf(toFsPath(this.#root));
  }

  /** True for the real path of the store or of anything in it. */
  holds(realPath: string): boolean {
    return realPath === this.#realRoot || realPath.startsWith(`${this.#realRoot}/`);
  }

  /** Says once that the store is left out. */
  notify(sink: WalkSink): void {
    if (this.#notified) return;
    this.#notified = true;
    sink.notice(`the store ${printable(this.#root)} lies inside the source and is left out`);
  }
}

/** Undefined when there is no store yet: then no source can hold it. */
export function openStoreExclusion(root: string | undefined): StoreExclusion | undefined {
  try {
    return root === undefined ? undefined : new StoreExclusion(root);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    return undefined;
  }
}
