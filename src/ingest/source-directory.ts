import fs from 'node:fs';
import { errnoOf } from '../errors.ts';
import { joinPath, toFsPath } from '../names.ts';
import type { OpenAt } from '../native/libc.ts';
import { closeSource, opening } from './source-file.ts';
import type { WalkedDirectory } from './walk/entries.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * O_NOFOLLOW and O_NONBLOCK, because the walk saw the name some time ago: what is a link or a fifo
 * by now must neither be followed nor be waited for.
 */
const FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/**
 * Opens the files of one directory that was walked. The directory itself is opened once and
 * without following any link: whoever puts a link in the place of it, or of one above it, leads
 * nobody out of the source. Files that were named on their own, and all files where the machine
 * has no `OpenAt`, are opened by their path.
 */
export class SourceDirectory {
  readonly #directory: string;
  readonly #withoutLinks: string | undefined;
  readonly #openAt: OpenAt | undefined;
  #fd: number | undefined;

  constructor({ directory, withoutLinks }: WalkedDirectory, openAt: OpenAt | undefined) {
    this.#directory = directory;
    this.#withoutLinks = withoutLinks;
    this.#openAt = withoutLinks === undefined ? undefined : openAt;
  }

  pathOf(name: string): string {
    return joinPath(this.#directory, name);
  }

  /** Throws what open(2) fails with; ENOTDIR where a link leads to the directory by now. */
  open(name: string): number {
    const openAt = this.#openAt;
    if (openAt === undefined)
      return opening(() => fs.openSync(toFsPath(this.pathOf(name)), FILE_FLAGS));
    this.#fd ??= this.#openDirectory(openAt);
    const directory = this.#fd;
    return opening(() => openAt.file(directory, toFsPath(name), FILE_FLAGS));
  }

  /** Closes the directory; its files are the caller's to close. */
  close(): void {
    if (this.#fd !== undefined) closeSource(this.#fd);
    this.#fd = undefined;
  }

  #openDirectory(openAt: OpenAt): number {
    const path = toFsPath(this.#withoutLinks!);
    try {
      return opening(() => openAt.directory(path));
    } catch (error) {
      if (errnoOf(error) !== 'ELOOP') throw error;
      // ELOOP is a file's that is a link itself; this one is where a directory was.
      throw Object.assign(new Error('ENOTDIR: open', { cause: error }), { code: 'ENOTDIR' });
    }
  }
}
