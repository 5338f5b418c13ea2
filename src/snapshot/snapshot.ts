import type { Readable } from 'node:stream';
import { type Checks, callback, requireOptions } from '../checked.ts';
import type { Digest } from '../digest.ts';
import { codeOf, IngotError } from '../errors.ts';
import { engineAt } from '../store/engines.ts';
import type { Engine } from '../store/seam/engine.ts';
import type { ReadHalf } from '../store/seam/read.ts';
import { openVerified } from '../store/verified-stream.ts';
import { type Catalog, idsIn, readCatalog, readReference } from './catalog.ts';
import type { Entry, FileEntry } from './entry.ts';
import { isSnapshotId } from './id.ts';
import type { Reference } from './reference.ts';
import { forgottenMeanwhile, lostContent, noPath, notAFile } from './refusals.ts';
import { type Named, parseSnapshotName, resolveSnapshot, type SnapshotName } from './resolve.ts';
import type { SegmentSource } from './storage.ts';
import { StoredSegments } from './store-segments.ts';
import { TreeReader } from './tree-reader.ts';

/** The snapshots of the store at a path. Throws an IngotError where the store cannot be read. */
export async function snapshots(store: string): Promise<Catalog> {
  return readCatalog(engineAt(store));
}

export interface OpenSnapshotOptions {
  /**
   * Called with a line for each reference that is damaged and newer than the snapshot that a label
   * has named: it may have that label, too.
   */
  readonly onNotice?: ((text: string) => void) | undefined;
}

const OPEN_CHECKS: Checks<OpenSnapshotOptions> = { onNotice: callback };

/**
 * Opens the snapshot of a name: an id, the beginning of one, a label, `LABEL~1`, `latest`; maybe with
 * `:PATH`, which is looked for. Throws an IngotError: INGOT_NO_SNAPSHOT, INGOT_AMBIGUOUS_SNAPSHOT,
 * INGOT_NO_PATH, INGOT_DAMAGED, also where the newest is damaged and `latest` was asked for; a
 * UsageError for what is no such name.
 */
export async function openSnapshot(
  store: string,
  name: string,
  options: OpenSnapshotOptions = {},
): Promise<Snapshot> {
  requireOptions(options, OPEN_CHECKS);
  return openSnapshotIn(engineAt(store), name, options);
}

/** `openSnapshot` with the engine to use. */
export async function openSnapshotIn(
  engine: Engine,
  name: string,
  options: OpenSnapshotOptions = {},
): Promise<Snapshot> {
  const wanted = parseSnapshotName(name);
  const snapshot = await Snapshot.open(engine, await referenceOf(engine, wanted, options));
  return wanted.path === undefined ? snapshot : snapshot.at(wanted.path);
}

/** Reads no reference but the one, where the names of their files say which it is. */
async function referenceOf(
  engine: Engine,
  name: SnapshotName,
  { onNotice }: OpenSnapshotOptions,
): Promise<Reference> {
  const reader = await engine.openReader('references');
  const ids = (await idsIn(reader)).filter(isSnapshotId);
  if (name.base === 'latest' || ids.includes(name.base)) {
    const { id } = resolveSnapshot(name, ids.map(asNamed));
    const reference = await readReference(reader, id);
    if (reference !== undefined) return reference;
  }
  const { snapshots, damaged } = await readCatalog(engine);
  const which = resolveSnapshot(name, [...snapshots, ...damaged.map(unlabelled)]);
  if (!('root' in which)) throw new IngotError(which.failure);
  if (which.label === name.base)
    for (const { id, failure } of damaged)
      if (id > which.id) onNotice?.(`${new IngotError(failure).message}; it may be a newer one`);
  return which;
}

/** `error`, unless the snapshot is listed no more, and what is missing has gone with it. */
export async function unlessForgotten(
  engine: Engine,
  id: string,
  error: unknown,
): Promise<unknown> {
  if (codeOf(error) !== 'INGOT_DAMAGED') return error;
  return (await isListed(engine, id)) ? error : forgottenMeanwhile(id, error);
}

/** The same of segments that are read for a snapshot. */
export function unlessForgottenIn(
  engine: Engine,
  source: SegmentSource,
  id: () => string,
): SegmentSource {
  return {
    get: async (digest) => {
      try {
        return await source.get(digest);
      } catch (error) {
        throw await unlessForgotten(engine, id(), error);
      }
    },
  };
}

async function isListed(engine: Engine, id: string): Promise<boolean> {
  return (await (await engine.openReader('references')).stat(id)) !== undefined;
}

function asNamed(id: string): Named {
  return { id, label: undefined };
}

/** One that cannot be read can be named by its id, and says then what is wrong. */
function unlabelled<T>(damaged: T): T & { readonly label: undefined } {
  return { ...damaged, label: undefined };
}

/** A snapshot in a store, or the part of one below a path. Paths are in the escaped form of names.ts. */
export class Snapshot {
  readonly reference: Reference;
  /** The entry that was named; undefined for the whole tree. */
  readonly entry: Entry | undefined;
  readonly #engine: Engine;
  readonly #tree: TreeReader;
  #objects: Promise<ReadHalf<Digest>> | undefined;

  private constructor(
    engine: Engine,
    { reference, entry, tree }: { reference: Reference; entry?: Entry; tree: TreeReader },
  ) {
    this.reference = reference;
    this.entry = entry;
    this.#engine = engine;
    this.#tree = tree;
  }

  /** Looks at nothing of its tree yet. */
  static async open(engine: Engine, reference: Reference): Promise<Snapshot> {
    const stored = new StoredSegments(await engine.openReader('segments'));
    const segments = unlessForgottenIn(engine, stored, () => reference.id);
    return new Snapshot(engine, { reference, tree: new TreeReader(segments, reference.root) });
  }

  /** Throws INGOT_FORGOTTEN where it is listed no more. */
  async requireListed(): Promise<void> {
    const { id } = this.reference;
    if (!(await isListed(this.#engine, id))) throw forgottenMeanwhile(id);
  }

  /** What is wrong where something is missing: the snapshot may have been forgotten meanwhile. */
  explain(error: unknown): Promise<unknown> {
    return unlessForgotten(this.#engine, this.reference.id, error);
  }

  /** The part below a path in the tree; the empty path is the whole. Throws INGOT_NO_PATH. */
  async at(path: string): Promise<Snapshot> {
    if (path === '') return this;
    const entry = await this.#tree.find(path);
    if (entry === undefined) throw noPath(path, this.reference.id);
    return new Snapshot(this.#engine, { reference: this.reference, entry, tree: this.#tree });
  }

  /** The whole tree. */
  get tree(): TreeReader {
    return this.#tree;
  }

  /** The path that was named; the empty string for the whole tree. */
  get path(): string {
    return this.entry?.path ?? '';
  }

  /** What is in it, and all below, in order; of a file, the file. Throws an IngotError. */
  async *entries(): AsyncGenerator<Entry, void, undefined> {
    if (this.#isLeaf) yield this.entry!;
    else yield* this.#tree.below(this.path);
  }

  /** The same without what lies in directories of it. */
  async *children(): AsyncGenerator<Entry, void, undefined> {
    if (this.#isLeaf) yield this.entry!;
    else yield* this.#tree.children(this.path);
  }

  /**
   * The content of the file that was named, as a stream that fails instead of ending when the bytes
   * do not hash to its digest. Throws an IngotError: INGOT_NOT_A_FILE, INGOT_DAMAGED, also where the
   * store has lost it, INGOT_FORGOTTEN.
   */
  async read(): Promise<Readable> {
    const { digest } = this.file;
    this.#objects ??= this.#engine.openReader('objects');
    try {
      return await openVerified(await this.#objects, digest);
    } catch (error) {
      if (codeOf(error) !== 'INGOT_NOT_FOUND') throw error;
      throw await this.explain(lostContent(this.path, digest));
    }
  }

  /** The file that was named. Throws INGOT_NOT_A_FILE for anything else. */
  get file(): FileEntry {
    const { entry } = this;
    if (entry?.type !== 'file') throw notAFile(this.path, entry?.type ?? 'directory');
    return entry;
  }

  get #isLeaf(): boolean {
    return this.entry !== undefined && this.entry.type !== 'directory';
  }
}
