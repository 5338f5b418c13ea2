/** A directory or file of this machine, as a side of a diff. */
import fs, { type BigIntStats } from 'node:fs';
import { type Digest, DigestStream } from '../../digest.ts';
import { errnoOf, type Failure, failed, failureOf, hasErrno, isFailure } from '../../errors.ts';
import { escapeLatin1Name, escapeName, joinPath, toFsPath } from '../../names.ts';
import { nodeFiles } from '../../native/files.ts';
import { uninterruptedLater } from '../../native/uninterrupted.ts';
import { unsupportedKind } from '../../sources/kind.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { readDirectory } from '../../sources/walk/directory.ts';
import { keyOfEntry } from '../entry.ts';
import type { Compared, Side } from './side.ts';

export interface LocalOptions {
  /** Is left out where it is met, as of an ingest. */
  readonly store: string;
  /** Called for a directory that cannot be listed, by its path below what is compared. */
  readonly onUnlisted: (path: string, failure: Failure) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A directory that was listed. */
interface Listed {
  /** Its path with a slash at the end; nothing for what was named itself. */
  readonly prefix: string;
  /**
   * Names that are still to come, the next one last: each byte a character, so that they sort as
   * bytes, and with a slash after those of directories.
   */
  readonly keys: string[];
}

const CHUNK_BYTES = 1 << 20;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const GONE = ['ENOENT', 'ENOTDIR'];

export class LocalSide implements Side {
  item: Compared | undefined;
  readonly #root: string;
  readonly #options: LocalOptions;
  readonly #store: BigIntStats | undefined;
  readonly #long = new LongPaths(nodeFiles);
  /** The directories on the way. */
  readonly #listed: Listed[] = [];
  /** Bytes of the directory that it stands at. */
  #directoryBytes = 0;

  /** Links are followed to `root`, and none below it. Throws an IngotError. */
  constructor(root: string, options: LocalOptions) {
    this.#root = root;
    this.#options = options;
    this.#store = statusOf(options.store);
    try {
      this.item = this.#entryOf('', fs.statSync(toFsPath(root), { bigint: true }));
    } catch (error) {
      throw failed('cannot look at what is compared', error, { path: root });
    }
  }

  get key(): string {
    return keyOfEntry(this.item!);
  }

  next(): void {
    if (this.item?.type === 'directory') this.#listed.push(this.#list(this.item.path));
    this.item = undefined;
    for (let last = this.#listed.at(-1); last !== undefined; last = this.#listed.at(-1)) {
      const key = last.keys.pop();
      if (key === undefined) this.#listed.pop();
      else this.item = this.#look(last.prefix, key);
      if (this.item !== undefined) return;
    }
  }

  async open(): Promise<void> {}

  close(): void {
    this.#long.close();
  }

  async digestOf(path: string): Promise<Digest> {
    const full = this.#pathOf(path);
    let handle: fs.promises.FileHandle | undefined;
    try {
      const follow = path === '' ? 0 : O_NOFOLLOW;
      const flags = O_RDONLY | follow | O_NONBLOCK;
      handle = await fs.promises.open(this.#long.shorten(toFsPath(full)), flags);
      return await digestOfOpen(handle, this.#options.signal);
    } catch (error) {
      throw failed('cannot read a file', error, { path: full });
    } finally {
      await handle?.close();
    }
  }

  #pathOf(path: string): string {
    return path === '' ? this.#root : joinPath(this.#root, path);
  }

  /** Throws an IngotError. */
  #list(directory: string): Listed {
    const path = this.#pathOf(directory);
    const keys: string[] = [];
    try {
      const way = this.#long.shorten(toFsPath(path));
      for (const entries of readDirectory(way, this.#directoryBytes))
        for (const entry of entries) keys.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
    } catch (error) {
      const what = 'cannot list a directory';
      if (directory === '' || !isFailure(error)) throw failed(what, error, { path });
      if (!hasErrno(error, ...GONE))
        this.#options.onUnlisted(directory, { ...failureOf(what, error), path });
      return { prefix: '', keys: [] };
    }
    return { prefix: directory && `${directory}/`, keys: keys.sort().reverse() };
  }

  /** Undefined for what has vanished or become another thing since it was listed, and for the store. */
  #look(prefix: string, key: string): Compared | undefined {
    const isDirectory = key.endsWith('/');
    const path = prefix + escapeLatin1Name(isDirectory ? key.slice(0, -1) : key);
    const full = this.#pathOf(path);
    try {
      const stats = fs.lstatSync(this.#long.shorten(toFsPath(full)), { bigint: true });
      const { ino, dev } = this.#store ?? {};
      const isStore = stats.ino === ino && stats.dev === dev;
      return isStore || stats.isDirectory() !== isDirectory
        ? undefined
        : this.#entryOf(path, stats);
    } catch (error) {
      if (hasErrno(error, ...GONE)) return undefined;
      throw failed('cannot look at an entry', error, { path: full });
    }
  }

  #entryOf(path: string, stats: BigIntStats): Compared {
    const owned = {
      path,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      mtime: stats.mtimeNs,
    };
    const mode = Number(stats.mode & 0o7777n);
    this.#directoryBytes = Number(stats.size);
    if (stats.isDirectory()) return { type: 'directory', mode, ...owned };
    if (stats.isFile())
      return { type: 'file', mode, size: Number(stats.size), digest: undefined, ...owned };
    if (!stats.isSymbolicLink()) return { type: 'missing', path, why: unsupportedKind(stats) };
    const link = this.#long.shorten(toFsPath(this.#pathOf(path)));
    const target = escapeName(fs.readlinkSync(link, { encoding: 'buffer' }));
    return { type: 'link', target, ...owned };
  }
}

/** Undefined for what is not there, or cannot be looked at. */
function statusOf(path: string): BigIntStats | undefined {
  try {
    return fs.statSync(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

async function digestOfOpen(
  handle: fs.promises.FileHandle,
  signal: AbortSignal | undefined,
): Promise<Digest> {
  const hash = new DigestStream();
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await uninterruptedLater(() => handle.read(buffer, 0, CHUNK_BYTES, null));
    if (bytesRead === 0) return hash.digest();
    hash.update(buffer.subarray(0, bytesRead));
  }
}
