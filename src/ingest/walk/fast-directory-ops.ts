import fs from 'node:fs';
import type { FileStatus, StatusReader } from '../../native/file-status.ts';
import { type DirectoryOps, type EntryStatus, nodeDirectoryOps } from './directory.ts';

/** A walk looks at every directory's status: through statx that takes half of Node's time. */
export function fastDirectoryOps(status: StatusReader): DirectoryOps {
  return {
    ...nodeDirectoryOps,
    // What is missing is left to Node's call, which throws the error that belongs to it.
    lstatSync: (path) => entryStatus(status.atLink(path)) ?? fs.lstatSync(path),
    statSync: (path) => entryStatus(status.at(path)) ?? fs.statSync(path),
  };
}

function entryStatus(status: FileStatus | undefined): EntryStatus | undefined {
  return status && new ModeStatus(status);
}

class ModeStatus implements EntryStatus {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly #type: number;

  constructor({ device, inode, size, mode }: FileStatus) {
    this.dev = device;
    this.ino = inode;
    this.size = size;
    this.#type = mode & fs.constants.S_IFMT;
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
