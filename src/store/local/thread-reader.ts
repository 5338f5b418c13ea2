import type { Digest } from '../../digest.ts';
import { errnoOf, failed } from '../../errors.ts';
import type { Files, SourceFd } from '../../native/files.ts';
import type { AskCalls } from '../../read-ahead/ask-open.ts';
import type { Layout } from '../choices.ts';
import type { AskForObject, ThreadContent, ThreadReader } from '../seam/read.ts';
import { damaged, notFound } from '../seam/refusals.ts';
import { askForObject } from './ask-for-object.ts';
import { candidatePaths, objectPath } from './on-disk/layout.ts';
import { READ_FLAGS } from './on-disk/read-flags.ts';

export interface ThreadReaderInit {
  readonly root: string;
  readonly layout: Layout;
}

/** Reads the objects of a local store in a worker thread. */
export class LocalThreadReader implements ThreadReader {
  readonly #root: string;
  readonly #layout: Layout;
  readonly #files: Files;

  readonly ask: AskForObject | undefined;

  constructor({ root, layout }: ThreadReaderInit, calls: AskCalls) {
    this.#root = root;
    this.#layout = layout;
    this.#files = calls.files;
    this.ask = askForObject(root, layout, calls);
  }

  open(digest: Digest): ThreadContent {
    // Nearly every object lies in the first place.
    const expected = objectPath(this.#root, this.#layout, digest);
    const first = this.#openAt(expected, digest);
    if (first !== undefined) return first;
    for (const path of candidatePaths(this.#root, this.#layout, digest).slice(1)) {
      const found = this.#openAt(path, digest);
      if (found !== undefined) return found;
    }
    throw notFound(digest, this.#root);
  }

  #openAt(path: string, digest: Digest): ThreadContent | undefined {
    try {
      return new OpenObject(path, this.#files.open(path, READ_FLAGS, 0), this.#files);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === 'ELOOP' || code === 'ENXIO')
        throw damaged(path, digest, 'it is not a regular file');
      throw failed('cannot read an object', error, { path });
    }
  }
}

class OpenObject implements ThreadContent {
  readonly path: string;
  readonly fd: SourceFd;
  readonly #files: Files;

  constructor(path: string, fd: SourceFd, files: Files) {
    this.path = path;
    this.fd = fd;
    this.#files = files;
  }

  read(into: Uint8Array, size: number): number {
    return this.#files.read(this.fd, into, size);
  }

  close(): void {
    this.#files.close(this.fd);
  }
}
