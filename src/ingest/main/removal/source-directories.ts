import fs from 'node:fs';
import { asError, hasErrno } from '../../../errors.ts';
import { joinPath, toFsPath } from '../../../names.ts';
import type { AtCalls } from '../../../native/at.ts';
import { O_PATH } from '../../../native/descriptor.ts';
import type { Files, SourceFd } from '../../../native/files.ts';
import { LongPaths } from '../../../sources/long-paths.ts';
import { splitPath } from '../../../sources/walk/named-entries.ts';
import { type Source, withoutLinks } from '../../../sources/walk/sources.ts';
import type { SourcePlace } from '../source-places.ts';
import { refused } from './stays.ts';
import type { Fate } from './tally.ts';

/** A name in an open directory of a source. */
export interface OpenName {
  readonly directory: SourceFd;
  /** Of the directory. */
  readonly directoryPath: string;
  readonly name: string;
  /** As messages have it. */
  readonly path: string;
}

interface Opened {
  readonly path: string;
  readonly fd: SourceFd | undefined;
  /** Why it could not be opened: its entries need not try again. */
  readonly error: Error | undefined;
}

const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/**
 * The directories of sources, the last one open. None below a source is reached through a link: one
 * that has taken the place of a directory leads nowhere.
 */
export class SourceDirectories {
  readonly #at: AtCalls;
  readonly #files: Files;
  #last: { readonly source: Source; readonly path: string } | undefined;
  #root: Opened | undefined;
  #current: Opened | undefined;

  constructor(at: AtCalls, files: Files) {
    this.#at = at;
    this.#files = files;
  }

  /** Takes a step at the name of an entry. Never throws what calls fail with. */
  at<T>(place: SourcePlace, step: (name: OpenName) => T): T | Fate {
    try {
      return step(this.#nameOf(place));
    } catch (error) {
      return hasErrno(error, 'ENOENT') ? 'gone' : refused(pathOf(place), error);
    }
  }

  /** Good until the next one. Throws what open(2) fails with. */
  #nameOf(place: SourcePlace): OpenName {
    const path = pathOf(place);
    const [directoryPath, name] = splitPath(path);
    const directory = this.#directoryOf(place, directoryPath);
    return { directory, directoryPath, name, path };
  }

  close(): void {
    this.#close(this.#current);
    this.#close(this.#root);
    this.#current = undefined;
    this.#root = undefined;
  }

  #directoryOf({ source, rest }: SourcePlace, directoryPath: string): SourceFd {
    // The directory of a file that was named is where its user says, links or not.
    if (!source.isDirectory) return this.#inRoot(directoryPath, 0);
    const above = rest.slice(0, Math.max(0, rest.lastIndexOf('/')));
    const root = this.#rootOf(source);
    return above === '' ? this.#inRoot(root, O_NOFOLLOW) : this.#below(root, above);
  }

  #rootOf(source: Source): string {
    if (this.#last?.source !== source) this.#last = { source, path: withoutLinks(source) };
    return this.#last.path;
  }

  #inRoot(path: string, flags: number): SourceFd {
    if (this.#root?.path !== path) {
      this.close();
      this.#root = opened(path, () => this.#openRoot(path, flags));
    }
    return fdOf(this.#root);
  }

  #below(root: string, above: string): SourceFd {
    const path = joinPath(root, above);
    const fd = this.#inRoot(root, O_NOFOLLOW);
    if (this.#current?.path !== path) {
      this.#close(this.#current);
      this.#current = opened(path, () => this.#at.openDirectory(fd, above));
    }
    return fdOf(this.#current);
  }

  #openRoot(path: string, flags: number): SourceFd {
    const long = new LongPaths(this.#files);
    try {
      return this.#files.open(long.shorten(toFsPath(path)), O_PATH | O_DIRECTORY | flags, 0);
    } finally {
      long.close();
    }
  }

  #close(one: Opened | undefined): void {
    if (one?.fd !== undefined) this.#files.close(one.fd);
  }
}

/** As messages have it. */
export function pathOf({ source, rest }: SourcePlace): string {
  return rest === '' ? source.path : joinPath(source.path, rest);
}

function opened(path: string, open: () => SourceFd): Opened {
  try {
    return { path, fd: open(), error: undefined };
  } catch (error) {
    return { path, fd: undefined, error: asError(error) };
  }
}

function fdOf({ fd, error }: Opened): SourceFd {
  if (fd === undefined) throw error;
  return fd;
}
