import fs from 'node:fs';
import { hasErrno } from '../errors.ts';
import { joinPath, toFsPath } from '../names.ts';
import type { Files, OpenAt, SourceFd } from '../native/files.ts';
import type { WalkedDirectory } from './found-files.ts';
import type { LongPaths } from './long-paths.ts';
import { closeSource, retryingOpen } from './source-file.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * O_NOFOLLOW and O_NONBLOCK, because the walk saw the name some time ago: what is a link or a fifo
 * by now must neither be followed nor be waited for.
 */
const FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/**
 * Opens the files of one directory that was walked. The directory itself is opened once and without
 * following any link: a link that takes its place, or that of one above it, does not lead out of
 * the source. Files that were named on their own, and all files where the machine has no `OpenAt`,
 * are opened by their path. `files` closes what is opened here.
 */
export class SourceDirectory {
  readonly #directory: string;
  readonly #withoutLinks: string | undefined;
  readonly #files: Files;
  readonly #openAt: OpenAt | undefined;
  readonly #long: LongPaths;
  #fd: SourceFd | undefined;

  /** `long` is the caller's to close. */
  constructor({ directory, withoutLinks }: WalkedDirectory, files: Files, long: LongPaths) {
    this.#directory = directory;
    this.#withoutLinks = withoutLinks;
    this.#files = files;
    this.#openAt = withoutLinks === undefined ? undefined : files.openAt;
    this.#long = long;
  }

  pathOf(name: string): string {
    return joinPath(this.#directory, name);
  }

  /** Throws what open(2) fails with; ENOTDIR where a link leads to the directory by now. */
  open(name: string): SourceFd {
    const openAt = this.#openAt;
    if (openAt === undefined) {
      const path = this.#long.shorten(toFsPath(this.pathOf(name)));
      return retryingOpen(() => this.#files.open(path, FILE_FLAGS, 0));
    }
    this.#fd ??= this.#openDirectory(openAt);
    const directory = this.#fd;
    return retryingOpen(() => openAt.file(directory, toFsPath(name), FILE_FLAGS));
  }

  /** Closes the directory; its files are the caller's to close. */
  close(): void {
    if (this.#fd !== undefined) closeSource(this.#files, this.#fd);
    this.#fd = undefined;
  }

  #openDirectory(openAt: OpenAt): SourceFd {
    try {
      const { from, rest } = this.#long.lead(toFsPath(this.#withoutLinks!));
      return retryingOpen(() => openAt.directory(rest, from));
    } catch (error) {
      if (!hasErrno(error, 'ELOOP')) throw error;
      // To the callers ELOOP means that a file is a link. Here a link has taken the place of a
      // directory.
      throw Object.assign(new Error('ENOTDIR: open', { cause: error }), { code: 'ENOTDIR' });
    }
  }
}
