/** Ingests a tree that is declared as a literal, through the library. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type EntryReport, type IngestOptions, ingest, isDigest, type Outcome } from 'ingot';
import { makeTree, type TreeLiteral, temporaryDirectory } from './tree.ts';

export const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

export const newStore = () => path.join(temporaryDirectory(), 'store');

export const objects = (store: string) => fs.readdirSync(store).filter(isDigest).sort();

/** The outcomes that are not zero. */
export const outcomes = (counts: Readonly<Record<Outcome, number>>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

export async function ingestTree(
  tree: TreeLiteral,
  store = newStore(),
  options: IngestOptions = {},
) {
  const source = makeTree(tree);
  const entries: EntryReport[] = [];
  const report = await ingest(store, [source], {
    threads: 2,
    ...options,
    onEntry: (entry) => entries.push({ ...entry, path: entry.path.slice(source.length + 1) }),
  });
  return { source, store, report, entries, counts: outcomes(report.outcomes) };
}

/** Larger than the batches' buffer: these take the lane for large files. */
export const LARGE = 5 << 20;
