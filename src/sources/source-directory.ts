import fs from 'node:fs';
import { hasErrno } from '../errors.ts';
import { escapeName, joinPath, toFsPath } from '../names.ts';
import { O_PATH } from '../native/descriptor.ts';
import { type FileStatus, isSymbolicLink, type StatusReader } from '../native/file-status.ts';
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

/** The link itself: it needs no right to read what it leads to. */
const LINK_FLAGS = O_NOFOLLOW | O_PATH;

/** A symbolic link that was read. */
export interface ReadLink {
  readonly status: FileStatus;
  /** In the escaped form of names.ts. */
  readonly target: string;
}

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
  constructor(
    { directory, withoutLinks }: Pick<WalkedDirectory, 'directory' | 'withoutLinks'>,
    files: Files,
    long: LongPaths,
  ) {
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
    return this.#openAs(name, FILE_FLAGS);
  }

  /** The same, but what passes is not waited for. */
  openAtOnce(name: string): SourceFd {
    return this.#openOnce(name, FILE_FLAGS);
  }

  #openAs(name: string, flags: number): SourceFd {
    return retryingOpen(() => this.#openOnce(name, flags));
  }

  #openOnce(name: string, flags: number): SourceFd {
    const directory = this.descriptor();
    if (directory === undefined) {
      const path = this.#long.shorten(toFsPath(this.pathOf(name)));
      return this.#files.open(path, flags, 0);
    }
    return this.#openAt!.file(directory, toFsPath(name), flags);
  }

  /** What has a name now, a link itself; undefined when it is gone. Throws as `open` does. */
  look(name: string, status: StatusReader): FileStatus | undefined {
    const fd = status.in === undefined ? undefined : this.descriptor();
    return fd === undefined
      ? status.atLink(this.#long.shorten(toFsPath(this.pathOf(name))))
      : status.in!(fd, toFsPath(name));
  }

  /** Of the directory, open until `close`; undefined where files are opened by their paths. Throws as `open` does. */
  descriptor(): SourceFd | undefined {
    if (this.#openAt === undefined) return undefined;
    this.#fd ??= this.#openDirectory(this.#openAt);
    return this.#fd;
  }

  /** Which directory it is; undefined where files are opened by their paths. Throws as `open` does. */
  identity(status: StatusReader): FileStatus | undefined {
    const fd = this.descriptor();
    return fd && status.ofOpen(fd);
  }

  /** Undefined for what is no link. Throws what the calls fail with, as `open` does. */
  readLink(name: string, status: StatusReader): ReadLink | undefined {
    const { readLink } = this.#files;
    if (this.#openAt === undefined || readLink === undefined) return this.#readLinkAt(name, status);
    const fd = this.#openAs(name, LINK_FLAGS);
    try {
      const found = status.ofOpen(fd);
      if (!isSymbolicLink(found)) return undefined;
      return { status: found, target: escapeName(readLink(fd)) };
    } finally {
      closeSource(this.#files, fd);
    }
  }

  #readLinkAt(name: string, status: StatusReader): ReadLink | undefined {
    const path = this.#long.shorten(toFsPath(this.pathOf(name)));
    try {
      const target = escapeName(fs.readlinkSync(path, { encoding: 'buffer' }));
      const found = status.atLink(path);
      return found && isSymbolicLink(found) ? { status: found, target } : undefined;
    } catch (error) {
      if (!hasErrno(error, 'EINVAL')) throw error;
      return undefined;
    }
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
