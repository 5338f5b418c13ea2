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

import type { Readable } from 'node:stream';
import { abortSignal, type Checks, callback, flag, oneOf, requireOptions } from '../checked.ts';
import { type Digest, parseDigest } from '../digest.ts';
import { IngotError } from '../errors.ts';
import {
  DURABILITIES,
  type Durability,
  LAYOUTS,
  type Layout,
  SHARINGS,
  type Sharing,
} from './choices.ts';
import { engineAt } from './engines.ts';
import { type PutOptions, type PutResult, Putter } from './put.ts';
import { type PutSource, requirePutSource } from './put-source.ts';
import type { Engine } from './seam/engine.ts';
import type { ReadHalf } from './seam/read.ts';
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

interface StoreParts {
  readonly engine: Engine;
  readonly layout: Layout | undefined;
  readonly durability: Durability;
  readonly onNotice: OpenOptions['onNotice'];
}

/** Users have `Store.open` only. */
let newStore: (parts: StoreParts) => Store;

/** `Store.open` with the engine to use. */
export async function openStore(engine: Engine, options: OpenOptions = {}): Promise<Store> {
  requireOptions(options, OPEN_CHECKS);
  const { create = false, layout, shared, durability = 'group', onNotice } = options;
  const facts = await engine.open({ create, layout, sharing: shared });
  return newStore({ engine, layout: facts.layout, durability, onNotice });
}

/** A store, open in this process. Safe to use from many calls at once. */
export class Store {
  /** The store's address: the absolute path of a local one. */
  readonly root: string;
  /**
   * Where objects were put when the store was opened; they are found in the other layout too.
   * Undefined where there are no layouts.
   */
  readonly layout: Layout | undefined;
  readonly #engine: Engine;
  readonly #durability: Durability;
  readonly #onNotice: OpenOptions['onNotice'];
  readonly #running = new Set<Promise<PutResult>>();
  #reader: Promise<ReadHalf<Digest>> | undefined;
  #putter: Promise<Putter> | undefined;
  #closing: Promise<void> | undefined;

  static {
    newStore = (parts) => new Store(parts);
  }

  private constructor({ engine, layout, durability, onNotice }: StoreParts) {
    this.root = engine.address;
    this.layout = layout;
    this.#engine = engine;
    this.#durability = durability;
    this.#onNotice = onNotice;
  }

  /**
   * Opens a store. Takes no writer and sweeps nothing until the first put.
   * Throws an IngotError: INGOT_NO_STORE, INGOT_NOT_A_STORE, INGOT_BAD_FORMAT, INGOT_NEWER_FORMAT,
   * INGOT_LAYOUT (another layout than asked for), or an errno.
   */
  static async open(path: string, options: OpenOptions = {}): Promise<Store> {
    return openStore(engineAt(path), options);
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
    const putter = await Putter.open(this.#engine, this.#durability);
    try {
      for (const text of putter.notices) this.#onNotice?.(text);
    } catch (error) {
      await putter.close();
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
    const wanted = parseDigest(digest);
    return openVerified(await this.#openReader(), wanted);
  }

  /** True when an object of this digest is there; its bytes are not looked at. Throws an errno. */
  async has(digest: Digest): Promise<boolean> {
    return (await this.stat(digest)) !== undefined;
  }

  /** Size and place of an object; undefined when it is not there. Throws an errno. */
  async stat(digest: Digest): Promise<ObjectInfo | undefined> {
    const wanted = parseDigest(digest);
    const found = await (await this.#openReader()).stat(wanted);
    return found && { digest: wanted, ...found };
  }

  /**
   * The digests of all objects, in no order, read from the store as they are asked for. One that is
   * stored meanwhile may be missing, one that a relayout moves may come twice. Throws as `open`.
   */
  async *list(): AsyncGenerator<Digest, void, undefined> {
    for await (const page of (await this.#openReader()).list()) yield* page;
  }

  /** Not before it is needed: one who only puts does without. */
  #openReader(): Promise<ReadHalf<Digest>> {
    this.#reader ??= this.#engine.openReader('objects').catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    return this.#reader;
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
    await putter?.close();
  }
}
