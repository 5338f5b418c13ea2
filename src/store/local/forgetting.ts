import fs from 'node:fs';
import { dirname } from 'node:path';
import { failed, hasErrno } from '../../errors.ts';
import { diskFullHint } from '../../files/disk-full.ts';
import { type FileOps, flushDirectory } from '../../files/file-ops.ts';
import { makeFolder } from '../../files/rights.ts';
import type { Forgetting } from '../seam/forgetting.ts';
import type { Hold } from '../seam/write.ts';
import { holdNames } from './hold.ts';
import { denialIn } from './on-disk/denial.ts';
import { requireFormat } from './on-disk/format.ts';
import { storeRights } from './on-disk/sharing.ts';
import { LocalReader } from './reader.ts';
import { forgottenSpace, type LocalSpace, placesOf, spaceOf } from './spaces.ts';

/**
 * Moves references between two folders, each by one rename. Both folders are flushed before the hold
 * is released: what a removal finds forgotten under its lock cannot come back in a power cut.
 */
export class LocalForgetting implements Forgetting {
  readonly forgotten: LocalReader<string>;
  readonly #root: string;
  readonly #ops: FileOps;
  readonly #snapshots: LocalSpace<string>;
  readonly #forgotten: LocalSpace<string>;

  /** Throws an IngotError. */
  constructor(root: string, ops: FileOps) {
    const format = requireFormat(root);
    this.#root = root;
    this.#ops = ops;
    this.#snapshots = spaceOf('references', root, placesOf(format));
    this.#forgotten = forgottenSpace(root);
    this.forgotten = new LocalReader(root, this.#forgotten, ops);
  }

  hold(signal?: AbortSignal): Promise<Hold> {
    return holdNames(this.#root, this.#ops, signal);
  }

  forget(names: readonly string[]): readonly string[] {
    return this.#move(names, this.#snapshots, this.#forgotten, 'cannot forget a snapshot');
  }

  unforget(name: string): boolean {
    const what = 'cannot bring back a snapshot';
    return this.#move([name], this.#forgotten, this.#snapshots, what).length > 0;
  }

  #move(
    names: readonly string[],
    from: LocalSpace<string>,
    to: LocalSpace<string>,
    what: string,
  ): readonly string[] {
    const moved: string[] = [];
    let path = this.#root;
    try {
      for (const name of names) {
        path = from.pathOf(name);
        this.#makeFolder(dirname(to.pathOf(name)));
        if (this.#rename(path, to.pathOf(name))) moved.push(name);
      }
      // The new names first. Those that a killed process has moved are none of `moved`.
      for (const space of [to, from])
        if (names.length > 0) this.#flush(dirname(space.pathOf(names[0]!)));
    } catch (error) {
      const hint = diskFullHint(error, this.#root);
      throw failed(what, error, { path, hint, ...denialIn(this.#root, error, path) });
    }
    return moved;
  }

  /** False when it is not there. */
  #rename(from: string, to: string): boolean {
    try {
      this.#ops.renameSync(from, to);
      return true;
    } catch (error) {
      if (!hasErrno(error, 'ENOENT') || fs.existsSync(from)) throw error;
      return false;
    }
  }

  #makeFolder(folder: string): void {
    if (makeFolder(this.#ops, folder, storeRights(this.#root).folder))
      flushDirectory(this.#ops, dirname(folder));
  }

  #flush(folder: string): void {
    if (fs.existsSync(folder)) flushDirectory(this.#ops, folder);
  }
}
