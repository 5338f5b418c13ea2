/** The part of a snapshot that is exported, with paths as they are below the place of a restore. */
import { Readable } from 'node:stream';
import { abortSignal, type Checks, callback, requireOptions } from '../checked.ts';
import type { Digest } from '../digest.ts';
import { isIngotError } from '../errors.ts';
import type { Entry, MissingEntry } from '../snapshot/entry.ts';
import type { Reference } from '../snapshot/reference.ts';
import { openSnapshotIn, type Snapshot, unlessForgotten } from '../snapshot/snapshot.ts';
import { engineAt } from '../store/engines.ts';
import type { Engine } from '../store/seam/engine.ts';
import type { ReadHalf } from '../store/seam/read.ts';
import { inBlocks } from './blocks.ts';

export interface ExportOptions {
  /** Ends the export; the stream fails with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each entry that the snapshot lacks, and that so cannot be exported. */
  readonly onMissing?: ((entry: MissingEntry) => void) | undefined;
  /** Called with each entry once it is exported. */
  readonly onEntry?: ((entry: Entry) => void) | undefined;
}

export const EXPORT_CHECKS: Checks<ExportOptions> = {
  signal: abortSignal,
  onMissing: callback,
  onEntry: callback,
};

/** An entry that can be exported. */
export type Exported = Exclude<Entry, MissingEntry>;

export interface ExportedTree {
  readonly engine: Engine;
  readonly reference: Reference;
  readonly objects: ReadHalf<Digest>;
  /**
   * The directory that was named, with the empty path, if there is one; then what lies in it, in
   * order. Of a file or link that one alone, with its name as the path. Throws an IngotError.
   */
  entries(options?: ExportOptions): AsyncGenerator<Exported>;
}

/**
 * What becomes of a snapshot, as a stream, which opens it when it is read first. It fails as
 * `openSnapshot` does, and with INGOT_FORGOTTEN where a gc has taken the snapshot meanwhile. Throws
 * a UsageError for options, or a path of a store, that are none.
 */
export function exportStream<O extends ExportOptions>(
  { store, name, options, checks }: WhatToExport<O>,
  chunksOf: (tree: ExportedTree) => AsyncIterable<Buffer>,
): Readable {
  requireOptions(options, checks);
  const engine = engineAt(store);
  async function* chunks(): AsyncGenerator<Buffer> {
    const tree = await openExported(engine, name);
    try {
      yield* chunksOf(tree);
    } catch (error) {
      // An object that is there and damaged is not one that a gc has taken.
      const isMissing = isIngotError(error) && error.kind === 'gone';
      throw isMissing ? await unlessForgotten(engine, tree.reference.id, error) : error;
    }
  }
  return Readable.from(inBlocks(chunks()), { objectMode: false });
}

export interface WhatToExport<O extends ExportOptions> {
  readonly store: string;
  /** Of a snapshot, maybe with `:PATH`. */
  readonly name: string;
  readonly options: O;
  readonly checks: Checks<O>;
}

async function openExported(engine: Engine, name: string): Promise<ExportedTree> {
  const snapshot = await openSnapshotIn(engine, name);
  return {
    engine,
    reference: snapshot.reference,
    objects: await engine.openReader('objects'),
    entries: (options = {}) => entriesOf(snapshot, options),
  };
}

async function* entriesOf(
  snapshot: Snapshot,
  { signal, onMissing, onEntry }: ExportOptions,
): AsyncGenerator<Exported> {
  const own = snapshot.entry ?? (await snapshot.tree.find(''));
  const isDirectory = own === undefined || own.type === 'directory';
  const { path } = snapshot;
  const prefix = isDirectory ? path.length + (path === '' ? 0 : 1) : path.lastIndexOf('/') + 1;
  if (own?.type === 'directory') {
    yield { ...own, path: '' };
    onEntry?.(own);
  }
  for await (const entry of snapshot.entries()) {
    signal?.throwIfAborted();
    if (entry.type === 'missing') onMissing?.(entry);
    else {
      yield { ...entry, path: entry.path.slice(prefix) };
      onEntry?.(entry);
    }
  }
}
