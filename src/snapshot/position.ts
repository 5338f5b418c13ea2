/**
 * The order of entries, and a place in it. Entries are sorted by the bytes of their paths, those of
 * directories with a slash at the end, as in a git tree: what lies in a directory follows it at once.
 */
import { toBytes } from '../names.ts';
import { MAX_NAME_BYTES, MAX_PATH_BYTES } from './limits.ts';
import { byteLength, whyNoName } from './text.ts';

const FIRST_SURROGATE = 0xd800;

/** Negative when `a` sorts before `b` by the bytes of both, in the escaped form of names.ts. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const unitOfA = a.charCodeAt(at);
    const unitOfB = b.charCodeAt(at);
    if (unitOfA === unitOfB) continue;
    // Below the surrogates code units sort as the bytes of UTF-8 do.
    if (unitOfA < FIRST_SURROGATE && unitOfB < FIRST_SURROGATE) return unitOfA - unitOfB;
    return Buffer.compare(toBytes(a), toBytes(b));
  }
  return a.length - b.length;
}

interface OpenDirectory {
  /** Its path with a slash at the end; of the root the empty string. */
  readonly prefix: string;
  readonly prefixBytes: number;
  /** The name that was met last in it, of a directory with a slash at the end. */
  last: string | undefined;
  /**
   * Names of entries that are no directories, and that a directory still to come may have as well:
   * between `a` and `a/` lie `a-b` and `a.txt`.
   */
  readonly taken: string[];
}

/** A place between two entries. */
export class Position {
  readonly #open: OpenDirectory[] = [newDirectory('', 0)];

  /** The place before the first entry in a directory, `a/b/`; of the root the empty string. */
  static in(directory: string): Position {
    const position = new Position();
    let from = 0;
    for (let to = directory.indexOf('/'); to >= 0; to = directory.indexOf('/', from)) {
      position.#enter(directory.slice(from, to));
      from = to + 1;
    }
    return position;
  }

  /** As many levels above, with a slash at the end; undefined outside of the tree. */
  directoryAbove(levels: number): string | undefined {
    return this.#open[this.depth - levels]?.prefix;
  }

  /** Directories above the one that it is in. */
  get depth(): number {
    return this.#open.length - 1;
  }

  /** How many directories lie between this place and one above it; undefined if it is not above. */
  levelsTo(directory: string): number | undefined {
    for (let at = this.depth; at >= 0; at--)
      if (this.#open[at]!.prefix === directory) return this.depth - at;
    return undefined;
  }

  /** Leaves as many directories, at most all. */
  leave(levels: number): void {
    this.#open.length -= levels;
  }

  /**
   * Passes an entry that lies `up` directories above. Gives the reason why it cannot come there, and
   * stays in its place then.
   */
  pass(up: number, name: string, isDirectory: boolean): string | undefined {
    const top = this.#open[this.depth - up];
    if (top === undefined) return 'a path leads out of the tree';
    const isRoot = name === '' && isDirectory && up === this.depth;
    const why = isRoot ? undefined : (whyNoName(name, MAX_NAME_BYTES) ?? whyTooLong(top, name));
    const key = isDirectory && !isRoot ? `${name}/` : name;
    const out = why ?? whyOutOfPlace(top, name, key, isDirectory);
    if (out !== undefined) return out;
    this.leave(up);
    top.last = key;
    if (!isDirectory) top.taken.push(name);
    else if (!isRoot) this.#enter(name);
    return undefined;
  }

  #enter(name: string): void {
    const { prefix, prefixBytes } = this.#open[this.depth]!;
    this.#open.push(newDirectory(`${prefix}${name}/`, prefixBytes + byteLength(name) + 1));
  }
}

function newDirectory(prefix: string, prefixBytes: number): OpenDirectory {
  return { prefix, prefixBytes, last: undefined, taken: [] };
}

function whyTooLong({ prefixBytes }: OpenDirectory, name: string): string | undefined {
  if (prefixBytes + 3 * name.length <= MAX_PATH_BYTES) return undefined;
  return prefixBytes + byteLength(name) > MAX_PATH_BYTES
    ? `a path is longer than ${MAX_PATH_BYTES} bytes`
    : undefined;
}

function whyOutOfPlace(
  { last, taken }: OpenDirectory,
  name: string,
  key: string,
  isDirectory: boolean,
): string | undefined {
  if (last !== undefined && compareKeys(last, key) >= 0)
    return 'names are out of order, or one comes twice';
  while (taken.length > 0 && !name.startsWith(taken[taken.length - 1]!)) taken.pop();
  return isDirectory && taken[taken.length - 1] === name
    ? 'a file and a directory have one name'
    : undefined;
}
