import { asError } from '../../errors.ts';
import type { SourceFd } from '../../native/files.ts';
import { splitPath } from '../paths.ts';
import type { Thread } from './thread.ts';

interface Opened {
  readonly path: string;
  readonly fd: SourceFd | undefined;
  /** Why it could not be opened: its entries need not try again. */
  readonly error: Error | undefined;
}

/**
 * The directories of a batch, the current one open, and the one that the first name of a hard link
 * lies in. Each is opened below TARGET without following a link.
 */
export class OpenDirectories {
  readonly #root: number;
  readonly #thread: Thread;
  #current: Opened | undefined;
  #other: Opened | undefined;

  constructor(root: number, thread: Thread) {
    this.#root = root;
    this.#thread = thread;
  }

  /** Throws what open(2) fails with. */
  at(path: string): SourceFd {
    if (this.#current?.path !== path) {
      this.#close(this.#current);
      this.#current = this.#open(path);
    }
    return fdOf(this.#current);
  }

  /** The directory of a path, and its name there. Throws what open(2) fails with. */
  ofPath(path: string): readonly [SourceFd, string] {
    const [directory, name] = splitPath(path);
    if (this.#other?.path !== directory) {
      this.#close(this.#other);
      this.#other = this.#open(directory);
    }
    return [fdOf(this.#other), name];
  }

  close(): void {
    this.#close(this.#current);
    this.#close(this.#other);
  }

  #open(path: string): Opened {
    try {
      return { path, fd: this.#thread.at.openDirectory(this.#root, path), error: undefined };
    } catch (error) {
      return { path, fd: undefined, error: asError(error) };
    }
  }

  #close(opened: Opened | undefined): void {
    if (opened?.fd !== undefined) this.#thread.files.close(opened.fd);
  }
}

function fdOf({ fd, error }: Opened): SourceFd {
  if (fd === undefined) throw error;
  return fd;
}
