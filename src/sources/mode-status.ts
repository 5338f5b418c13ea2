import fs, { type Stats } from 'node:fs';
import type { FileStatus } from '../native/file-status.ts';
import type { EntryType } from './kind.ts';

/** What a walk asks of a Stats, and all that is known. */
export type EntryStatus = Pick<Stats, 'dev' | 'ino' | 'size'> &
  EntryType & { readonly status: FileStatus };

/** A file's status in the form of Node's Stats: its type is read from its mode. */
export class ModeStatus implements EntryStatus {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly status: FileStatus;
  readonly #type: number;

  constructor(status: FileStatus) {
    this.dev = status.device;
    this.ino = status.inode;
    this.size = status.size;
    this.status = status;
    this.#type = status.mode & fs.constants.S_IFMT;
  }

  isFile(): boolean {
    return this.#type === fs.constants.S_IFREG;
  }

  isDirectory(): boolean {
    return this.#type === fs.constants.S_IFDIR;
  }

  isSymbolicLink(): boolean {
    return this.#type === fs.constants.S_IFLNK;
  }

  isFIFO(): boolean {
    return this.#type === fs.constants.S_IFIFO;
  }

  isSocket(): boolean {
    return this.#type === fs.constants.S_IFSOCK;
  }

  isBlockDevice(): boolean {
    return this.#type === fs.constants.S_IFBLK;
  }

  isCharacterDevice(): boolean {
    return this.#type === fs.constants.S_IFCHR;
  }
}
