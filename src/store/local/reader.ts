import fs from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, failed, hasErrno } from '../../errors.ts';
import { type FileOps, flushDirectory } from '../../files/file-ops.ts';
import { uninterrupted, uninterruptedLater } from '../../native/uninterrupted.ts';
import { NAMES_PER_LOOK, Turns } from '../../turns.ts';
import type { ListOptions, OpenContent, Range, ReadHalf, Stored } from '../seam/read.ts';
import { damaged, notFound } from '../seam/refusals.ts';
import { denialIn } from './on-disk/denial.ts';
import { READ_FLAGS } from './on-disk/read-flags.ts';
import type { LocalSpace } from './spaces.ts';

/** Names a page: enough to hide the price of a promise. */
const PAGE = 1024;

/** Reads one space of a local store. */
export class LocalReader<Name extends string> implements ReadHalf<Name> {
  readonly #root: string;
  readonly #space: LocalSpace<Name>;
  readonly #ops: FileOps;

  constructor(root: string, space: LocalSpace<Name>, ops: FileOps) {
    this.#root = root;
    this.#space = space;
    this.#ops = ops;
  }

  async stat(name: Name): Promise<Stored | undefined> {
    for (const path of this.#space.candidatesOf(name)) {
      try {
        const found = await fs.promises.lstat(path);
        if (found.isFile()) return { size: found.size, path };
      } catch (error) {
        if (!hasErrno(error, 'ENOENT')) throw failed('cannot look for an object', error, { path });
      }
    }
    return undefined;
  }

  async open(name: Name, range?: Range): Promise<OpenContent> {
    for (const path of this.#space.candidatesOf(name)) {
      const file = await openIfThere(path, name);
      if (file !== undefined) return new OpenFile(path, file, range);
    }
    throw notFound(name, this.#root);
  }

  async readWhole(name: Name, most: number): Promise<Buffer | undefined> {
    for (const path of this.#space.candidatesOf(name)) {
      const bytes = readIfThere(path, name, most);
      if (bytes !== 'not there') return bytes;
    }
    throw notFound(name, this.#root);
  }

  async *list({ signal, onRefused }: ListOptions = {}): AsyncGenerator<readonly Name[]> {
    const turns = new Turns({ stepsPerLook: NAMES_PER_LOOK, signal });
    signal?.throwIfAborted();
    let page: Name[] = [];
    for (const name of this.#space.list(onRefused)) {
      page.push(name);
      if (turns.isDue()) await turns.take();
      if (page.length < PAGE) continue;
      yield page;
      signal?.throwIfAborted();
      page = [];
    }
    if (page.length > 0) yield page;
  }

  async remove(names: readonly Name[]): Promise<number> {
    const folders = new Set<string>();
    let removed = 0;
    for (const name of names) {
      const paths = new Set(this.#space.candidatesOf(name));
      if ([...paths].filter((path) => this.#unlink(path, folders)).length > 0) removed++;
    }
    for (const folder of folders) this.#flush(folder);
    return removed;
  }

  #flush(folder: string): void {
    try {
      flushDirectory(this.#ops, folder);
    } catch (error) {
      throw failed('cannot make a removal durable', error, { path: folder });
    }
  }

  /** Adds the folder that it leaves; false when nothing is there. */
  #unlink(path: string, folders: Set<string>): boolean {
    try {
      this.#ops.unlinkSync(path);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return false;
      throw failed('cannot remove an object', error, {
        path,
        ...denialIn(this.#root, error, path),
      });
    }
    folders.add(dirname(path));
    return true;
  }
}

const NO_FILE = 'it is not a regular file';

async function openIfThere(
  path: string,
  name: string,
): Promise<{ readonly handle: fs.promises.FileHandle; readonly size: number } | undefined> {
  let handle: fs.promises.FileHandle | undefined;
  try {
    handle = await fs.promises.open(path, READ_FLAGS);
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size };
  } catch (error) {
    if (!isThere(error, path)) return undefined;
  }
  await handle?.close();
  throw damaged(path, name, NO_FILE);
}

/** Without promises: four of them take longer than the calls do. */
function readIfThere(path: string, name: string, most: number): Buffer | undefined | 'not there' {
  let fd: number;
  try {
    fd = fs.openSync(path, READ_FLAGS);
  } catch (error) {
    if (!isThere(error, path)) return 'not there';
    throw damaged(path, name, NO_FILE);
  }
  try {
    const found = fs.fstatSync(fd);
    if (!found.isFile()) throw damaged(path, name, NO_FILE);
    return found.size > most ? undefined : readBytes(fd, found.size);
  } catch (error) {
    throw failed('cannot read an object', error, { path });
  } finally {
    fs.closeSync(fd);
  }
}

/** As many bytes, or those that there are. */
function readBytes(fd: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  for (let read = -1; filled < size && read !== 0; filled += read) {
    const from = filled;
    read = uninterrupted(() => fs.readSync(fd, bytes, from, size - from, null));
  }
  return bytes.subarray(0, filled);
}

/** What open(2) says of the name: something is there, though no file. Throws any other errno. */
function isThere(error: unknown, path: string): boolean {
  const code = errnoOf(error);
  if (code !== 'ENOENT' && code !== 'ELOOP' && code !== 'ENXIO')
    throw failed('cannot read an object', error, { path });
  return code !== 'ENOENT';
}

class OpenFile implements OpenContent {
  readonly path: string;
  readonly size: number;
  readonly #handle: fs.promises.FileHandle;
  /** The bytes of the range that are still to come. */
  #left: number;
  #at: number | null;

  constructor(
    path: string,
    { handle, size }: { readonly handle: fs.promises.FileHandle; readonly size: number },
    range: Range | undefined,
  ) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
    this.#at = range?.from ?? null;
    this.#left = range === undefined ? Number.POSITIVE_INFINITY : range.to - range.from;
  }

  async read(into: Uint8Array): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.#left));
    const { bytesRead } = await uninterruptedLater(() =>
      this.#handle.read(into, 0, length, this.#at),
    );
    if (this.#at !== null) this.#at += bytesRead;
    this.#left -= bytesRead;
    return bytesRead;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
