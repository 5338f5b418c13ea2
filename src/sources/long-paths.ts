import fs from 'node:fs';
import { numberOf, O_PATH } from '../native/descriptor.ts';
import type { Files, SourceFd } from '../native/files.ts';
import { closeSource, retryingOpen } from './source-file.ts';

/**
 * PATH_MAX of Linux, less the NUL byte at its end, and less a slash and a name: where the file
 * system reports no types, every name is looked at by the path of its directory.
 */
const MAX_BYTES = 4096 - 1 - 256;
const MAX_BYTES_A_CHARACTER = 3;

/** proc(5): each names a file that is open. */
const OPEN_FILES = '/proc/self/fd';

/**
 * The longest piece of a long path: there is room for the name of the directory that it begins at.
 */
const PIECE_BYTES = MAX_BYTES - `${OPEN_FILES}/2147483647/`.length;

const SLASH = 0x2f;

/** Where a path leads: from an open directory, if any, on by the rest of it. */
export interface Lead {
  readonly from?: SourceFd | undefined;
  readonly rest: string | Buffer;
}

/**
 * Makes paths usable that are longer than a system call takes: a directory on the way is opened,
 * and the rest begins there. It stays open for the next path; else each would be looked up from the
 * root.
 */
export class LongPaths {
  readonly #files: Files;
  #way: Buffer[] = [];
  #fd: SourceFd | undefined;

  /** Where `files` have `openAt`, no link is followed on a long way. */
  constructor(files: Files) {
    this.#files = files;
  }

  /**
   * The result is valid until the next call. Throws what retryingOpen a directory on the way fails with;
   * without /proc a long path stays as it is, and the call that takes it fails (ENAMETOOLONG).
   */
  lead(path: string | Buffer): Lead {
    if (!isLong(path) || !fs.existsSync(OPEN_FILES)) return { rest: path };
    const way = piecesOf(Buffer.from(path));
    const rest = way.pop()!;
    this.#follow(way);
    return { from: this.#fd, rest };
  }

  /** The same as a path. */
  shorten(path: string | Buffer): string | Buffer {
    const { from, rest } = this.lead(path);
    return below(from, rest);
  }

  close(): void {
    if (this.#fd !== undefined) closeSource(this.#files, this.#fd);
    this.#fd = undefined;
    this.#way = [];
  }

  #follow(way: readonly Buffer[]): void {
    if (!this.#way.every((piece, n) => way[n]?.equals(piece))) this.close();
    for (const piece of way.slice(this.#way.length)) {
      const from = this.#fd;
      this.#fd = retryingOpen(() => this.#open(piece, from));
      this.#way.push(piece);
      if (from !== undefined) closeSource(this.#files, from);
    }
  }

  #open(piece: Buffer, from: SourceFd | undefined): SourceFd {
    const { openAt } = this.#files;
    if (openAt !== undefined) return openAt.directory(piece, from);
    return this.#files.open(below(from, piece), O_PATH | fs.constants.O_DIRECTORY, 0);
  }
}

function isLong(path: string | Buffer): boolean {
  // Most are short enough however many bytes a character may have.
  if (path.length * MAX_BYTES_A_CHARACTER <= MAX_BYTES) return false;
  return Buffer.byteLength(path) > MAX_BYTES;
}

/** Cut at slashes. A name alone that is too long stays, and the call that takes it says so. */
function piecesOf(path: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = path;
  while (rest.length > PIECE_BYTES) {
    const slash = rest.lastIndexOf(SLASH, PIECE_BYTES);
    if (slash <= 0) break;
    pieces.push(rest.subarray(0, slash));
    rest = rest.subarray(slash + 1);
    // What begins with a slash would lead to the root.
    while (rest[0] === SLASH) rest = rest.subarray(1);
  }
  return [...pieces, rest];
}

function below(from: SourceFd | undefined, path: string | Buffer): string | Buffer {
  if (from === undefined) return path;
  return Buffer.concat([Buffer.from(`${OPEN_FILES}/${numberOf(from)}/`), Buffer.from(path)]);
}
