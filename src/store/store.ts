/**
 * The store, and what it guarantees:
 *
 * 1. A name implies its bytes. An object's name never exists before all of its bytes are durable:
 *    temp write → flush → rename. No object is ever opened for writing or changed in place.
 * 2. Success means durable. An object, its name, and a new store's own name survive a power cut
 *    from the moment that success is reported; for a duplicate, too.
 * 3. A crash costs only unfinished work. The temps of dead writers are swept when the next writer
 *    comes; those of live writers, known by their lock, are never touched.
 * 4. A hit is checked, not believed: by size. A mismatch is repaired and reported.
 * 5. What was hashed is what was stored: the digest is taken over the very bytes that are written.
 * 6. A failed flush fails the call. Its temps are discarded and never flushed again.
 */

import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { abortSignal, type Checks, callback, flag, oneOf, requireOptions } from '../checked.ts';
import { type Digest, parseDigest } from '../digest.ts';
import { failed, hasErrno, IngotError } from '../errors.ts';
import { type FileOps, nodeFileOps } from '../files/file-ops.ts';
import { loadLibc } from '../native/libc.ts';
import {
  DURABILITIES,
  type Durability,
  LAYOUTS,
  type Layout,
  SHARINGS,
  type Sharing,
} from './choices.ts';
import { createStore } from './local/on-disk/create-store.ts';
import { listEveryObject } from './local/on-disk/every-object.ts';
import {
  checkLayout,
  readFormat,
  requireFormat,
  type StoreFormat,
} from './local/on-disk/format.ts';
import { candidatePaths } from './local/on-disk/layout.ts';
import { shareStore } from './local/on-disk/share-store.ts';
import { type PutOptions, type PutResult, Putter } from './put.ts';
import { type PutSource, requirePutSource } from './put-source.ts';
import { storePath } from './store-path.ts';
import { openVerified } from './verified-stream.ts';

export interface OpenOptions {
  /** Create the store when it is missing. Default false. */
  readonly create?: boolean | undefined;
  /** Layout of a store that is created (default `flat`); an existing one must have it. */
  readonly layout?: Layout | undefined;
  /**
   * Open the store to the members of its directory's group (`group`), and to all users to read
   * (`all`): mode 2770 or 2775, whatever the umask is. Of an existing store that is its owner's to
   * do. Default: a new store is its owner's alone, mode 0700.
   */
  readonly shared?: Sharing | undefined;
  /** `none`: put does not wait for the disk. Default `group`. */
  readonly durability?: Durability | undefined;
  /** Called at the first put with what is unusual about the place, a line each. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

export interface ObjectInfo {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** Where it lies now; a relayout may move it. */
  readonly path: string;
}

const OPEN_CHECKS: Checks<OpenOptions> = {
  create: flag,
  layout: oneOf(LAYOUTS),
  shared: oneOf(SHARINGS),
  durability: oneOf(DURABILITIES),
  onNotice: callback,
};

const PUT_CHECKS: Checks<PutOptions> = { signal: abortSignal };

type StoreParts = readonly [
  root: string,
  format: StoreFormat,
  options: OpenOptions & { readonly durability: Durability },
  ops: FileOps,
];

/** Users have `Store.open` only. */
let newStore: (...parts: StoreParts) => Store;

/** `Store.open` with the file operations to use, which tests let fail. */
export async function openStore(
  path: string,
  options: OpenOptions = {},
  ops: FileOps = nodeFileOps,
): Promise<Store> {
  const root = storePath(path);
  requireOptions(options, OPEN_CHECKS);
  const { create = false, layout, shared, durability = 'group' } = options;
  const existing = create ? readFormat(root) : requireFormat(root);
  if (existing !== undefined) checkLayout(root, existing, layout);
  const format = existing ?? createStore(root, layout ?? 'flat', ops, await loadLibc(), shared);
  if (existing !== undefined && shared !== undefined) shareStore(root, existing, shared, ops);
  return newStore(root, format, { ...options, durability }, ops);
}

/** A store on a local disk, open in this process. Safe to use from many calls at once. */
export class Store {
  /** The store's absolute path. */
  readonly root: string;
  /** Where objects were put when the store was opened; they are found in the other layout too. */
  readonly layout: Layout;
  readonly #durability: Durability;
  readonly #ops: FileOps;
  readonly #onNotice: OpenOptions['onNotice'];
  readonly #running = new Set<Promise<PutResult>>();
  #putter: Promise<Putter> | undefined;
  #closing: Promise<void> | undefined;

  static {
    newStore = (...made) => new Store(...made);
  }

  private constructor(...[root, { layout }, { durability, onNotice }, ops]: StoreParts) {
    this.root = root;
    this.layout = layout;
    this.#durability = durability;
    this.#ops = ops;
    this.#onNotice = onNotice;
  }

  /**
   * Opens a store. Takes no writer and sweeps nothing until the first put.
   * Throws an IngotError: INGOT_NO_STORE, INGOT_NOT_A_STORE, INGOT_BAD_FORMAT, INGOT_NEWER_FORMAT,
   * INGOT_LAYOUT (another layout than asked for), or an errno.
   */
  static async open(path: string, options: OpenOptions = {}): Promise<Store> {
    return openStore(path, options);
  }

  /**
   * Stores one content: the file at a path (links are followed), bytes, or a stream of bytes. It
   * is durable when the promise resolves. From the first put until `close` this process is a
   * writer. Throws an IngotError: INGOT_CLOSED, INGOT_CHANGED (the file changed during
   * each of three readings), INGOT_NOT_BYTES, or an errno; when it is aborted, an AbortError or the
   * signal's own reason. No temp is left then. An error of the stream is passed on.
   */
  async put(source: PutSource, options: PutOptions = {}): Promise<PutResult> {
    if (this.#closing !== undefined)
      throw new IngotError({
        what: 'cannot store an object',
        code: 'INGOT_CLOSED',
        path: this.root,
        why: 'the store was closed',
      });
    requirePutSource(source);
    requireOptions(options, PUT_CHECKS);
    const result = this.#openPutter().then((putter) => putter.put(source, options));
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }

  #openPutter(): Promise<Putter> {
    this.#putter ??= this.#takeWriter().catch((error: unknown) => {
      // The next put tries anew: what was in the way may be gone.
      this.#putter = undefined;
      throw error;
    });
    return this.#putter;
  }

  async #takeWriter(): Promise<Putter> {
    const putter = await Putter.open(this.root, this.#durability, this.#ops);
    try {
      for (const text of putter.notices) this.#onNotice?.(text);
    } catch (error) {
      putter.close();
      throw error;
    }
    return putter;
  }

  /**
   * Reads an object. The stream fails with INGOT_DAMAGED instead of ending when the bytes do not
   * hash to the digest, and never gives out all of such bytes. Throws INGOT_NOT_FOUND,
   * INGOT_DAMAGED when what has the name is no file, or an errno.
   */
  async get(digest: Digest): Promise<Readable> {
    return openVerified(this.root, this.layout, parseDigest(digest));
  }

  /** True when an object of this digest is there; its bytes are not looked at. Throws an errno. */
  async has(digest: Digest): Promise<boolean> {
    return (await this.stat(digest)) !== undefined;
  }

  /** Size and place of an object; undefined when it is not there. Throws an errno. */
  async stat(digest: Digest): Promise<ObjectInfo | undefined> {
    const wanted = parseDigest(digest);
    for (const path of candidatePaths(this.root, this.layout, wanted)) {
      try {
        const found = await fs.promises.lstat(path);
        if (found.isFile()) return { digest: wanted, size: found.size, path };
      } catch (error) {
        if (!hasErrno(error, 'ENOENT')) throw failed('cannot look for an object', error, { path });
      }
    }
    return undefined;
  }

  /**
   * The digests of all objects, in no order, read from the disk as they are asked for. One that is
   * stored meanwhile may be missing, one that a relayout moves may come twice. Throws as `open`.
   */
  list(): Iterable<Digest> {
    return listEveryObject(this.root);
  }

  /** Waits for the puts that run, then gives up the writer, once. Reading goes on to work. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    const putter = await this.#putter?.catch(() => undefined);
    this.#putter = undefined;
    putter?.close();
  }
}
