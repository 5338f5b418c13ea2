/** Removals of sources whose calls are watched: anything may happen between two of them. */

import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { expect } from 'vitest';
import { nodeFileOps } from '../../../../src/files/file-ops.ts';
import { Removal } from '../../../../src/ingest/main/removal/removal.ts';
import { RemovalTally } from '../../../../src/ingest/main/removal/tally.ts';
import type { RemovalReport, StayedEntry } from '../../../../src/ingest/removal.ts';
import { statusReader } from '../../../../src/native/file-status.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { FinishedRecord } from '../../../../src/record/finished-record.ts';
import { readReference } from '../../../../src/snapshot/catalog.ts';
import type { Entry } from '../../../../src/snapshot/entry.ts';
import { StoredSegments } from '../../../../src/snapshot/store-segments.ts';
import { TreeReader } from '../../../../src/snapshot/tree-reader.ts';
import { planWalk } from '../../../../src/sources/walk/walk-sources.ts';
import { engineAt } from '../../../../src/store/engines.ts';

/** Blocks until the kernel gives another time than before: 4 ms before Linux 6.13. */
export function untilNextTick(): void {
  const until = performance.now() + 10;
  while (performance.now() < until);
}

/** The calls of a removal that look at a name or change it. */
export type Call =
  | 'look'
  | 'renameNew'
  | 'rename'
  | 'openEntry'
  | 'unlink'
  | 'link'
  | 'removeDirectory';

/** Called before each; may throw in its place. `name`: in its directory. */
export type Watch = (call: Call, name: string) => void;

export interface Removed extends RemovalReport {
  /** Why each stays, by path. */
  readonly stays: Readonly<Record<string, string>>;
  readonly entries: readonly StayedEntry[];
}

export interface RemovalOptions {
  readonly signal?: AbortSignal;
  /** RENAME_NOREPLACE is not to be had. */
  readonly withoutRenameNew?: boolean;
  /** Given each entry of the snapshot. */
  readonly onEntry?: (entry: Entry) => void;
}

const libc = (await loadLibc())!;
const realStatus = statusReader(libc.statx);

/** Ingests a source, and gives a function that removes it, once. */
export async function ingested(
  store: string,
  source: string,
): Promise<(watch?: Watch, options?: RemovalOptions) => Promise<Removed>> {
  const { snapshot } = await ingest(store, [source]);
  expect(snapshot?.complete).toBe(true);
  const { sources } = await planWalk({ sources: [source], oneTree: true });
  const engine = engineAt(store);
  const reference = await readReference(await engine.openReader('references'), snapshot!.id!);
  const segments = new StoredSegments(await engine.openReader('segments'));
  const folder = join(store, '.ingot/records');
  const [name] = fs.readdirSync(folder);
  return async (watch = () => {}, { signal, withoutRenameNew = false, onEntry } = {}) => {
    const record = FinishedRecord.open(join(folder, name!), snapshot!.id!, nodeFileOps)!;
    const entries: StayedEntry[] = [];
    const tally = new RemovalTally((entry) => void entries.push(entry));
    const { at, files } = libc;
    const watched = {
      ...at!,
      renameNew: (directory, old, to) => {
        watch('renameNew', old);
        return withoutRenameNew ? undefined : at!.renameNew(directory, old, to);
      },
      rename: (directory, old, to) => {
        watch('rename', old);
        at!.rename(directory, old, to);
      },
      openEntry: (directory, of) => {
        watch('openEntry', of);
        return at!.openEntry(directory, of);
      },
      unlink: (directory, of) => {
        watch('unlink', of);
        at!.unlink(directory, of);
      },
      link: (from, old, directory, to) => {
        watch('link', to);
        at!.link(from, old, directory, to);
      },
      removeDirectory: (directory, of) => {
        watch('removeDirectory', of);
        at!.removeDirectory(directory, of);
      },
    } satisfies NonNullable<typeof at>;
    const status: Required<typeof realStatus> = {
      ...realStatus,
      in: (directory, of) => {
        watch('look', `${of}`);
        return realStatus.in!(directory, of);
      },
    };
    try {
      const parts = { at: watched, files, status, sources, record, tally, signal };
      await new Removal(parts).remove(each(new TreeReader(segments, reference!.root), onEntry));
    } finally {
      record.close();
    }
    const stays = entries.map(({ path, why }) => [path.slice(source.length + 1), why]);
    return { ...tally.report(), entries, stays: Object.fromEntries(stays) };
  };
}

async function* each(
  tree: TreeReader,
  onEntry: (entry: Entry) => void = () => {},
): AsyncGenerator<Entry> {
  for await (const entry of tree.below('')) {
    onEntry(entry);
    yield entry;
  }
}

/** An error as a call throws it. */
export function errnoError(code: string): Error {
  return Object.assign(new Error(`${code}: of the test`), { code, errno: -1, syscall: 'test' });
}

/** What is in a directory and below, without directories: paths and contents, or where links lead. */
export function contentsOf(root: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(join(root, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) Object.assign(found, contentsOf(root, path));
    else if (entry.isSymbolicLink()) found[path] = `-> ${fs.readlinkSync(join(root, path))}`;
    else found[path] = fs.readFileSync(join(root, path), 'utf8');
  }
  return found;
}
