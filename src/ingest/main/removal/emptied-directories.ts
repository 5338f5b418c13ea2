/**
 * Directories go when all that was in them has gone: the deepest first. What somebody else has put
 * there, what excludes left out, a mount: then a directory is not empty, and stays.
 */
import fs from 'node:fs';
import { hasErrno } from '../../../errors.ts';
import { toFsPath } from '../../../names.ts';
import type { FileStatus } from '../../../native/file-status.ts';
import type { DirectoryEntry } from '../../../snapshot/entry.ts';
import { ExternalSort } from '../../../sort/external-sort.ts';
import type { Turns } from '../../../turns.ts';
import type { SourcePlaces } from '../source-places.ts';
import type { RemovalCalls } from './remove-name.ts';
import type { OpenName, SourceDirectories } from './source-directories.ts';
import { changed } from './stays.ts';
import type { Fate, RemovalTally } from './tally.ts';

export interface DirectoriesContext extends RemovalCalls {
  readonly places: SourcePlaces;
  readonly directories: SourceDirectories;
  readonly tally: RemovalTally;
  readonly turns: Turns;
}

/** As the snapshot has it. */
interface Emptied extends Pick<DirectoryEntry, 'mode' | 'uid' | 'gid'> {
  readonly inTree: string;
}

interface Entered extends Emptied {
  /** Something in it goes later. */
  isLate: boolean;
}

const { S_IFMT, S_IFDIR } = fs.constants;

export class EmptiedDirectories {
  readonly #context: DirectoriesContext;
  /** Those that the current entry lies in, the outermost first. */
  readonly #entered: Entered[] = [];
  /** By numbers, in the order in which they are to go: there may be many. */
  readonly #late = new ExternalSort('cannot sort directories');
  #lateOnes = 0;

  constructor(context: DirectoriesContext) {
    this.#context = context;
  }

  /** What comes next is this one, and what lies in it. */
  enter({ path: inTree, mode, uid, gid }: DirectoryEntry): void {
    this.#entered.push({ inTree, mode, uid, gid, isLate: false });
  }

  /** What comes next has this path in the tree: those that it does not lie in are done. */
  reach(inTree: string): void {
    for (;;) {
      const last = this.#entered.at(-1);
      if (last === undefined || inTree.startsWith(`${last.inTree}/`)) return;
      this.#leave();
    }
  }

  /** What comes next goes later, and so do the directories that it lies in. */
  postpone(): void {
    const last = this.#entered.at(-1);
    if (last !== undefined) last.isLate = true;
  }

  /** All entries have come. */
  leaveAll(): void {
    while (this.#entered.length > 0) this.#leave();
  }

  /** Those that had to wait. Rejects as the turns do. */
  async removeLate(): Promise<void> {
    const { turns } = this.#context;
    for (const { bytes, payloadAt, payloadLength } of this.#late.sorted()) {
      this.#remove(JSON.parse(bytes.toString('utf8', payloadAt, payloadAt + payloadLength)));
      if (turns.isDue()) await turns.take();
    }
  }

  close(): void {
    this.#late.close();
  }

  #leave(): void {
    const { isLate, ...directory } = this.#entered.pop()!;
    if (!isLate) {
      this.#remove(directory);
      return;
    }
    this.postpone();
    const order = Buffer.alloc(ORDER_BYTES);
    order.writeUIntBE(this.#lateOnes++, 0, ORDER_BYTES);
    this.#late.add(order, Buffer.from(JSON.stringify(directory)));
  }

  #remove(directory: Emptied): void {
    const { places, directories, tally } = this.#context;
    const place = places.find(directory.inTree)!;
    const fate = directories.at(place, (name) => this.#removeAt(name, directory));
    if (fate === 'not empty') tally.notEmpty++;
    else tally.directory(fate);
  }

  /** Throws what the calls fail with. */
  #removeAt({ directory, name, path }: OpenName, emptied: Emptied): Fate | 'not empty' {
    const { at, status } = this.#context;
    const now = status.in(directory, toFsPath(name));
    if (now === undefined) return 'gone';
    if (!isIt(emptied, now)) return changed(path);
    try {
      at.removeDirectory(directory, name);
      return 'removed';
    } catch (error) {
      // EBUSY: something is mounted there.
      if (hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'EBUSY')) return 'not empty';
      throw error;
    }
  }
}

/** Enough for 2^48 of them. */
const ORDER_BYTES = 6;

/** Its times are those of the last removal in it. */
function isIt({ mode, uid, gid }: Emptied, now: FileStatus): boolean {
  const isDirectory = (now.mode & S_IFMT) === S_IFDIR;
  return isDirectory && (now.mode & PERMISSIONS) === mode && now.uid === uid && now.gid === gid;
}

const PERMISSIONS = 0o7777;
