import type { Entry, FileSystemAdapter } from 'fast-glob';

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
  const readdir = (
    path: string,
    _options: unknown,
    callback: (error: null, entries: FoundDirectory[]) => void,
  ): void => {
    // fast-glob asks for the next directory inside the callback. A turn of the event loop for each
    // keeps the stack flat and lets messages through, which promises alone would not.
    setImmediate(() => {
      read(path)
        .then((names) => callback(null, names.map(directoryNamed)))
        .catch(fail);
    });
  };
  return { readdir: readdir as ExactFs['readdir'] };
}

function directoryNamed(name: string): FoundDirectory {
  return new ExactDirectory(name) as FoundDirectory;
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
