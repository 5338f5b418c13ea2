/** The versions of one path, through the snapshots of a store. */
import { abortSignal, type Checks, callback, requireOptions, text } from '../checked.ts';
import { codeOf, failureOf, IngotError } from '../errors.ts';
import { engineAt } from '../store/engines.ts';
import { type DamagedReference, readCatalog } from './catalog.ts';
import { type Change, changeOf, differing, FIELDS } from './diff/change.ts';
import type { Entry } from './entry.ts';
import type { Reference } from './reference.ts';
import { parseSnapshotName } from './resolve.ts';
import { Snapshot } from './snapshot.ts';

export interface HistoryOptions {
  /** Only the snapshots of this label. */
  readonly label?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for a snapshot that cannot be read. Default: the failure is thrown. */
  readonly onDamaged?: ((damaged: DamagedReference) => void) | undefined;
}

/** What a snapshot has at a path, where that is not what the one before it had. */
export interface Version {
  readonly snapshot: Reference;
  readonly change: Change;
  /** Undefined where it was removed. */
  readonly entry: Entry | undefined;
}

const CHECKS: Checks<HistoryOptions> = { label: text, signal: abortSignal, onDamaged: callback };

/**
 * The versions of a path, the oldest first. A snapshot is compared with the one before it of the same
 * host and sources: other sources may have another thing under the same path. Throws an IngotError.
 */
export async function* history(
  store: string,
  path: string,
  options: HistoryOptions = {},
): AsyncGenerator<Version, void, undefined> {
  requireOptions(options, CHECKS);
  text('path', path);
  const { label, signal, onDamaged } = options;
  const wanted = parseSnapshotName(`latest:${path}`).path!;
  const engine = engineAt(store);
  const { snapshots, damaged } = await readCatalog(engine);
  const report = (each: DamagedReference) => {
    if (onDamaged === undefined) throw new IngotError(each.failure);
    onDamaged(each);
  };
  for (const each of damaged) report(each);
  /** Of each series what the snapshot before had. */
  const before = new Map<string, { readonly root: string; readonly entry: Entry | undefined }>();
  for (const reference of snapshots) {
    signal?.throwIfAborted();
    if (label !== undefined && reference.label !== label) continue;
    const series = seriesOf(reference);
    const last = before.get(series);
    const root = reference.root.digest;
    if (last?.root === root) continue;
    try {
      const entry = await (await Snapshot.open(engine, reference)).tree.find(wanted);
      before.set(series, { root, entry });
      const change = changeBetween(last?.entry, entry);
      if (change !== undefined) yield { snapshot: reference, change, entry };
    } catch (error) {
      if (codeOf(error) !== 'INGOT_DAMAGED') throw error;
      report({ id: reference.id, failure: failureOf('cannot look into it', error) });
    }
  }
}

function seriesOf({ host, sources }: Reference): string {
  return JSON.stringify([host, ...sources.map(({ real }) => real)]);
}

function changeBetween(before: Entry | undefined, after: Entry | undefined): Change | undefined {
  if (before === undefined) return after && 'added';
  if (after === undefined) return 'removed';
  const fields = differing(before, after, FIELDS);
  return fields.length === 0 ? undefined : changeOf(fields);
}
