/** One tree for every engine, and what a run makes of it. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import type { EntryReport, IngestError, IngestOptions, IngestReport } from 'ingot';
import { digestOf } from '../../dist/src/digest.js';
import { ingestInto } from '../../dist/src/ingest/ingest.js';
import { LARGE, outcomes } from '../harness/ingest-tree.ts';
import { makeTree, type TreeLiteral } from '../harness/tree.ts';
import { MemoryEngine } from '../store/memory-engine.ts';
import { MemoryStore, type Misbehaviour } from '../store/memory-store.ts';

const LARGE_BYTES = Buffer.alloc(LARGE, 'large');
const FILES = 240;
const CONTENTS = 90;

/** Duplicates within it, empty files, large ones, what is no file and, but for root, what may not be read. */
export function mixedTree(): string {
  const tree: Record<string, TreeLiteral[string]> = {
    'large/first': LARGE_BYTES,
    'large/second': randomBytes(LARGE + 1),
    'large/again': LARGE_BYTES,
    'odd/link': { symlink: '../d0/f0' },
    'odd/fifo': { fifo: true },
    'odd/empty': '',
    'odd/also-empty': '',
    'odd/closed': 'not for others',
  };
  for (let n = 0; n < FILES; n++) tree[`d${n % 7}/f${n}`] = `content ${n % CONTENTS}`;
  const source = makeTree(tree);
  fs.chmodSync(`${source}/odd/closed`, 0);
  return source;
}

/** A store that has every other small content of the tree, and a large one. */
export function storeOfHalf(): MemoryStore {
  const store = new MemoryStore();
  store.exists = true;
  const contents = [LARGE_BYTES];
  for (let n = 0; n < CONTENTS; n += 2) contents.push(Buffer.from(`content ${n}`));
  for (const bytes of contents) store.spaces.objects.set(digestOf(bytes), bytes);
  return store;
}

/** So few files in a batch that there are many. */
export const BATCH = 16;

/** What a run has done, as far as it must not depend on the engine. */
export interface Done {
  readonly counts: Readonly<Record<string, number>>;
  readonly bytes: readonly [read: number, written: number, saved: number];
}

export function done({ outcomes: all, bytesRead, bytesWritten, bytesSaved }: IngestReport): Done {
  return { counts: outcomes(all), bytes: [bytesRead, bytesWritten, bytesSaved] };
}

export const digestsIn = (store: MemoryStore) => [...store.spaces.objects.keys()].sort();

export interface Ended {
  /** Of a run that failed, the one of its error. */
  readonly report: IngestReport;
  readonly error: IngestError | undefined;
  /** Of entries that were reported as stored. */
  readonly stored: readonly string[];
}

export async function ingestToMemory(
  store: MemoryStore,
  source: string,
  misbehaviour: Misbehaviour = {},
  options: IngestOptions = {},
): Promise<Ended> {
  const stored: string[] = [];
  const onEntry = ({ digest }: EntryReport) => void (digest && stored.push(digest));
  const engine = new MemoryEngine(store, misbehaviour);
  const all = { batchFiles: BATCH, threads: 2, report: 'all', onEntry, ...options } as const;
  try {
    return { report: await ingestInto(engine, [source], all), error: undefined, stored };
  } catch (error) {
    const failed = error as IngestError;
    if (failed.report === undefined) throw error;
    return { report: failed.report, error: failed, stored };
  }
}
