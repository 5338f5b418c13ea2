import type { FileIdentity } from '../../files/file-identity.ts';
import { joinPath } from '../../names.ts';

/** A directory to walk. */
export interface Tree {
  /** As it is reported, without a slash at the end. */
  readonly path: string;
  /** The same with every symbolic link resolved. */
  readonly realPath: string;
  /** Where it lies in the tree that the sources make; the empty string is its root. */
  readonly inTree: string;
  /** What it was when a list named it. */
  readonly identity?: FileIdentity | undefined;
}

/**
 * The entries that were named as sources, so that each is counted once: where a walk meets one, it
 * passes it over. Keyed by real paths in the escaped form of names.ts. The one part of a walk
 * whose memory grows, with what was named (not with what was found).
 */
export class NamedEntries {
  readonly #byDirectory = new Map<string, Set<string>>();
  readonly #waiting = new Map<string, Tree>();

  /** False when the entry has been named before. */
  add(realDirectory: string, name: string): boolean {
    let names = this.#byDirectory.get(realDirectory);
    if (names === undefined) {
      names = new Set();
      this.#byDirectory.set(realDirectory, names);
    }
    const before = names.size;
    return names.add(name).size > before;
  }

  /** Has a tree wait for its walk, unless it was named before. */
  addTree(tree: Tree): void {
    const [directory, name] = splitPath(tree.realPath);
    if (this.add(directory, name)) this.#waiting.set(tree.realPath, tree);
  }

  /** The names in a directory that are sources of their own. */
  within(realDirectory: string): ReadonlySet<string> | undefined {
    return this.#byDirectory.get(realDirectory);
  }

  /** True when the entry is a tree still waiting: the caller walks it now. */
  adopt(realDirectory: string, name: string): boolean {
    return this.#waiting.delete(joinPath(realDirectory, name));
  }

  /** The trees to walk, each at its turn unless it has been adopted by then. */
  *trees(): Generator<Tree> {
    for (const [realPath, tree] of this.#waiting) {
      this.#waiting.delete(realPath);
      yield tree;
    }
  }
}

/** Directory and last name of a path without a slash at its end; `.` is a lone name's directory. */
export function splitPath(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return ['.', path];
  return [slash === 0 ? '/' : path.slice(0, slash), path.slice(slash + 1)];
}
