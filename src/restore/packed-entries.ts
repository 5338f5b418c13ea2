/** Entries on their way to a worker: few large values, which are cheap to copy to another thread. */
import type { Digest } from '../digest.ts';
import type { FileEntry, LinkEntry, Xattr } from '../snapshot/entry.ts';
import { pathIn } from './paths.ts';

export const KIND = { file: 0, link: 1, hardLink: 2 } as const;

export interface PackedEntries {
  readonly count: number;
  /** Relative to TARGET, in the escaped form of names.ts; the empty string is TARGET itself. */
  readonly directories: readonly PackedDirectory[];
  /** Joined by slashes. */
  readonly names: string;
  readonly kinds: Uint8Array;
  readonly modes: Uint16Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  /** Nanoseconds since 1970: a file may be of any second of 64 bits, which makes more than 64. */
  readonly mtimes: readonly bigint[];
  readonly sizes: Float64Array;
  /** 64 characters of each file and hard link. */
  readonly digests: string;
  /** By index: targets of links, and the first names of hard links, relative to TARGET. */
  readonly targets: ReadonlyMap<number, string>;
  readonly xattrs: ReadonlyMap<number, readonly Xattr[]>;
}

export interface PackedDirectory {
  readonly path: string;
  /** Entries of it that follow. */
  count: number;
  /** This run has made it: nothing has any name in it. */
  readonly isNew: boolean;
}

/** The most entries that a batch has: their messages cost little then, and the threads end together. */
export const BATCH_ENTRIES = 512;
/** A batch ends with so many bytes. */
const BATCH_BYTES = 32 << 20;
/** Characters in the paths of its directories. */
const BATCH_PATH_CHARACTERS = 1 << 20;

/** Collects entries for one batch. */
export class Packer {
  readonly #kinds = new Uint8Array(BATCH_ENTRIES);
  readonly #modes = new Uint16Array(BATCH_ENTRIES);
  readonly #uids = new Uint32Array(BATCH_ENTRIES);
  readonly #gids = new Uint32Array(BATCH_ENTRIES);
  readonly #sizes = new Float64Array(BATCH_ENTRIES);
  #directories: PackedDirectory[] = [];
  #names: string[] = [];
  #mtimes: bigint[] = [];
  #digests: string[] = [];
  #targets = new Map<number, string>();
  #xattrs = new Map<number, readonly Xattr[]>();
  #bytes = 0;
  #pathCharacters = 0;

  get count(): number {
    return this.#names.length;
  }

  get isFull(): boolean {
    return (
      this.count >= BATCH_ENTRIES ||
      this.#bytes >= BATCH_BYTES ||
      this.#pathCharacters >= BATCH_PATH_CHARACTERS
    );
  }

  /** True when the entry lies in another directory than the one before it. */
  add(directory: Omit<PackedDirectory, 'count'>, name: string, item: Item): boolean {
    const at = this.count;
    const isOther = this.#directories.at(-1)?.path !== directory.path;
    if (isOther) {
      this.#directories.push({ path: directory.path, isNew: directory.isNew, count: 0 });
      this.#pathCharacters += directory.path.length;
    }
    this.#directories.at(-1)!.count++;
    this.#names.push(name);
    const { entry, first } = item;
    this.#uids[at] = entry.uid;
    this.#gids[at] = entry.gid;
    this.#mtimes.push(entry.mtime);
    if (entry.type === 'link') {
      this.#kinds[at] = KIND.link;
      this.#digests.push('');
      this.#targets.set(at, entry.target);
    } else {
      this.#kinds[at] = first === undefined ? KIND.file : KIND.hardLink;
      this.#modes[at] = entry.mode;
      this.#sizes[at] = entry.size;
      this.#digests.push(entry.digest);
      this.#bytes += entry.size;
    }
    if (first !== undefined) this.#targets.set(at, first);
    if (entry.xattrs !== undefined) this.#xattrs.set(at, entry.xattrs);
    return isOther;
  }

  /** Takes all out. */
  take(): PackedEntries {
    const { count } = this;
    const packed = {
      count,
      directories: this.#directories,
      names: this.#names.join('/'),
      kinds: this.#kinds.slice(0, count),
      modes: this.#modes.slice(0, count),
      uids: this.#uids.slice(0, count),
      gids: this.#gids.slice(0, count),
      mtimes: this.#mtimes,
      sizes: this.#sizes.slice(0, count),
      digests: this.#digests.join(''),
      targets: this.#targets,
      xattrs: this.#xattrs,
    };
    this.#directories = [];
    this.#names = [];
    this.#mtimes = [];
    this.#digests = [];
    this.#targets = new Map();
    this.#xattrs = new Map();
    this.#bytes = 0;
    this.#pathCharacters = 0;
    return packed;
  }
}

export interface Item {
  readonly entry: FileEntry | LinkEntry;
  /** Of a hard link: the path of a name that the file has already. */
  readonly first?: string | undefined;
}

const DIGEST_LENGTH = 64;

/** Reads a batch, one entry after the other. */
export class Unpacker {
  readonly packed: PackedEntries;
  readonly #names: readonly string[];
  #digestAt = 0;
  #ofDirectory = 0;
  #directoryAt = -1;
  index = -1;

  constructor(packed: PackedEntries) {
    this.packed = packed;
    this.#names = packed.names.split('/');
  }

  /** False after the last one. */
  advance(): boolean {
    if (this.index >= 0 && this.kind !== KIND.link) this.#digestAt += DIGEST_LENGTH;
    this.index++;
    if (this.#ofDirectory === 0) {
      this.#directoryAt++;
      this.#ofDirectory = this.packed.directories[this.#directoryAt]?.count ?? 0;
    }
    this.#ofDirectory--;
    return this.index < this.packed.count;
  }

  get directory(): PackedDirectory {
    return this.packed.directories[this.#directoryAt]!;
  }

  get name(): string {
    return this.#names[this.index]!;
  }

  get path(): string {
    return pathIn(this.directory.path, this.name);
  }

  get kind(): number {
    return this.packed.kinds[this.index]!;
  }

  get mode(): number {
    return this.packed.modes[this.index]!;
  }

  get uid(): number {
    return this.packed.uids[this.index]!;
  }

  get gid(): number {
    return this.packed.gids[this.index]!;
  }

  get mtime(): bigint {
    return this.packed.mtimes[this.index]!;
  }

  get size(): number {
    return this.packed.sizes[this.index]!;
  }

  get digest(): Digest {
    return this.packed.digests.slice(this.#digestAt, this.#digestAt + DIGEST_LENGTH) as Digest;
  }

  /** Of a link its target, of a hard link the path of the first name. */
  get target(): string {
    return this.packed.targets.get(this.index)!;
  }

  get xattrs(): readonly Xattr[] | undefined {
    return this.packed.xattrs.get(this.index);
  }
}
