/** Snapshots that ingests record, read through the library. */
import { type Entry, type IngestOptions, ingest, openSnapshot } from 'ingot';
import { newStore } from '../harness/ingest-tree.ts';
import { entriesOf } from '../restore/snapshots.ts';

export interface Recorded {
  readonly store: string;
  readonly report: Awaited<ReturnType<typeof ingest>>;
  readonly entries: readonly Entry[];
}

/** What a new snapshot of the sources has. */
export async function recorded(
  sources: readonly string[],
  options: IngestOptions = {},
  store = newStore(),
): Promise<Recorded> {
  const report = await ingest(store, sources, { threads: 2, ...options });
  return { store, report, entries: await entriesIn(store, report.snapshot!.id!) };
}

/** All entries, the root directory first where it was a source. */
export async function entriesIn(store: string, name: string): Promise<Entry[]> {
  const snapshot = await openSnapshot(store, name);
  const root = await snapshot.tree.find('');
  const entries = root === undefined ? [] : [root];
  for await (const entry of snapshot.entries()) entries.push(entry);
  return entries;
}

/** The same for entries from a snapshot and from a tree: what a program prints of them. */
export function plain(entries: readonly object[]): unknown[] {
  const text = JSON.stringify(entries, (_, value) => {
    if (typeof value === 'bigint') return `${value}`;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (value?.type === 'Buffer') return Buffer.from(value.data).toString('hex');
    return value;
  });
  return JSON.parse(text);
}

/** What lstat and reading say of a tree. */
export function seen(tree: string): unknown[] {
  return plain(entriesOf(tree).entries);
}

export const pathsOf = (entries: readonly Entry[]) => entries.map(({ path }) => path);

/** An entry by its path. */
export function at<T extends Entry['type']>(
  entries: readonly Entry[],
  path: string,
  type: T,
): Extract<Entry, { type: T }> {
  const found = entries.find((entry) => entry.path === path);
  if (found?.type !== type) throw new Error(`${path} is ${found?.type ?? 'not there'}`);
  return found as Extract<Entry, { type: T }>;
}
