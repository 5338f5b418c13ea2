import type { Entry, FileSystemAdapter } from 'fast-glob';
import { TURN_MS } from './turns.ts';

type ExactFs = Pick<FileSystemAdapter, 'readdir'>;
type FoundDirectory = Entry['dirent'];

/**
 * Lists one directory: handles its files, and gives the names of the directories in it. `path` is
 * relative to the walk's root and begins with `/`, the root itself being `/`.
 */
export type DirectoryReader = (path: string) => Promise<readonly string[]>;

/**
 * The file system as fast-glob sees it: directories only. Names come in the escaped form of
 * names.ts, which fast-glob's patterns neither drop nor alter. Everything else in a directory is
 * dealt with by `read`; while its promise is pending, fast-glob waits. A failure goes to `fail`,
 * and fast-glob is not called again: it has nothing open that would need an end.
 */
export function exactFs(read: DirectoryReader, fail: (error: unknown) => void): ExactFs {
  let turnBegan = performance.now();
  const readdir = (
    path: string,
    _options: unknown,
    callback: (error: null, entries: FoundDirectory[]) => void,
  ): void => {
    // fast-glob asks for the next directory inside the callback; a promise keeps the stack flat.
    const begin = (): void => {
      read(path)
        .then((names) => callback(null, directoriesNamed(names)))
        .catch(fail);
    };
    const beginTurn = (): void => {
      turnBegan = performance.now();
      begin();
    };
    if (performance.now() - turnBegan < TURN_MS) begin();
    else setImmediate(beginTurn);
  };
  return { readdir: readdir as ExactFs['readdir'] };
}

/**
 * One by one: an empty array that `map` makes is of another kind to V8 than one with directories,
 * and what fast-glob does with it would be optimized anew for each kind, over and over.
 */
function directoriesNamed(names: readonly string[]): FoundDirectory[] {
  const directories: FoundDirectory[] = [];
  for (const name of names) directories.push(new ExactDirectory(name) as FoundDirectory);
  return directories;
}

/** What fast-glob asks of a Dirent. */
class ExactDirectory {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  isDirectory(): boolean {
    return true;
  }

  isFile(): boolean {
    return false;
  }

  isSymbolicLink(): boolean {
    return false;
  }
}
