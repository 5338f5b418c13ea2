/** The snapshots of a store: all references that it has, and what is wrong with some. */
import { codeOf, type Failure, isIngotError } from '../errors.ts';
import type { Engine } from '../store/seam/engine.ts';
import type { ReadHalf } from '../store/seam/read.ts';
import { isSnapshotId } from './id.ts';
import { MAX_REFERENCE_BYTES } from './limits.ts';
import { decodeReference, type Reference } from './reference.ts';
import { damagedReference } from './refusals.ts';

export interface Catalog {
  /** Oldest first. */
  readonly snapshots: readonly Reference[];
  /** Those that cannot be read, each with why. */
  readonly damaged: readonly DamagedReference[];
}

export interface DamagedReference {
  /** The name of its file. */
  readonly id: string;
  readonly failure: Failure;
}

/** Reads all references. Throws an IngotError where the store cannot be read. */
export async function readCatalog(engine: Engine): Promise<Catalog> {
  return catalogOf(await engine.openReader('references'));
}

/** The same of references that lie anywhere. */
export async function catalogOf(reader: ReadHalf<string>): Promise<Catalog> {
  const snapshots: Reference[] = [];
  const damaged: DamagedReference[] = [];
  for (const id of await idsIn(reader)) {
    try {
      const reference = await readReference(reader, id);
      if (reference !== undefined) snapshots.push(reference);
    } catch (error) {
      if (!isIngotError(error)) throw error;
      damaged.push({ id, failure: error.toFailure() });
    }
  }
  return { snapshots, damaged };
}

/** The names of all references, whatever is in them, sorted. */
export async function idsIn(reader: ReadHalf<string>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of reader.list()) ids.push(...page);
  return ids.sort();
}

/** Undefined where there is none any more. Throws an IngotError for one that is damaged. */
export async function readReference(
  reader: ReadHalf<string>,
  id: string,
): Promise<Reference | undefined> {
  if (!isSnapshotId(id)) throw damagedReference(id, 'its name is not the id of a snapshot');
  try {
    const bytes = await reader.readWhole(id, MAX_REFERENCE_BYTES);
    if (bytes !== undefined) return decodeReference(bytes, id);
  } catch (error) {
    if (codeOf(error) === 'INGOT_NOT_FOUND') return undefined;
    throw error;
  }
  throw damagedReference(id, `it is longer than ${MAX_REFERENCE_BYTES} bytes`);
}
