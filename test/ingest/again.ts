/** Ingests of a tree that has been ingested before, on the program as a user runs it. */
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restore } from 'ingot';
import { expect } from 'vitest';
import { type Ended, ingot } from '../harness/run.ts';
import {
  directoryInMemory,
  makeTree,
  type TreeLiteral,
  temporaryDirectory,
} from '../harness/tree.ts';
import { look } from '../restore/snapshots.ts';

/** Loaded before the program, makes it ten seconds later: what was just made is not racy. */
export const LATER = fileURLToPath(new URL('../fixtures/later.mjs', import.meta.url));

/** What an ingest did, as far as it differs between reading and knowing. */
export interface Again {
  /** Those that are not zero. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly bytesRead: number;
  readonly bytesUnchanged: number;
  readonly report: Readonly<Record<string, unknown>>;
  /** By path below the source, or by the whole path where there are several. */
  readonly entries: Readonly<Record<string, { outcome: string; digest?: string }>>;
  readonly notices: readonly string[];
}

interface Options {
  /** Not later than it is. */
  readonly now?: boolean;
  readonly aheadMs?: number;
  /** False: no entry is named, so that directories may be known as a whole. Default true. */
  readonly names?: boolean;
}

/** `ingot ingest`, left to say what it likes. */
export function runIngest(
  store: string,
  sources: readonly string[],
  flags: readonly string[] = [],
  { now = false, aheadMs = 10_000, names = true }: Options = {},
): Ended {
  const env = now ? undefined : { NODE_OPTIONS: `--import ${LATER}`, AHEAD_MS: String(aheadMs) };
  const more = ['--store', store, '--json=events', '--threads', '2', ...flags];
  if (names) more.push('-v');
  return ingot(['ingest', ...sources, ...more], env === undefined ? {} : { env });
}

/** One that has to succeed. */
export function ingestAgain(
  store: string,
  sources: string | readonly string[],
  flags: readonly string[] = [],
  options: Options = {},
): Again {
  const all = [sources].flat();
  const ended = runIngest(store, all, flags, options);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return againOf(ended, all);
}

export function againOf({ stdout, stderr }: Ended, sources: readonly string[]): Again {
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const prefix = sources.length === 1 ? `${sources[0]}/` : '';
  const entries = events
    .filter(({ event }) => event === 'entry')
    .map(({ path, outcome, digest }) => [path.slice(prefix.length), { outcome, digest }]);
  const { event: _, ...report } = events.at(-1);
  const outcomes = Object.entries(report.outcomes as Record<string, number>);
  return {
    outcomes: Object.fromEntries(outcomes.filter(([, count]) => count > 0)),
    bytesRead: report.bytesRead,
    bytesUnchanged: report.bytesUnchanged,
    report,
    entries: Object.fromEntries(entries),
    notices: stderr.trimEnd() === '' ? [] : stderr.trimEnd().split('\n'),
  };
}

/** Names of entries with this outcome, sorted. */
export function namesOf({ entries }: Again, outcome: string): string[] {
  return Object.keys(entries)
    .filter((name) => entries[name]!.outcome === outcome)
    .sort();
}

/** A source where inodes stay, and a store, both new. */
export function sourceAndStore(tree: TreeLiteral): { source: string; store: string } {
  const folder = directoryInMemory();
  return { source: makeTree(tree, join(folder, 'source')), store: join(folder, 'store') };
}

/** The newest snapshot, restored, looks as the source does now. */
export async function expectCopy(store: string, source: string): Promise<void> {
  const back = join(directoryInMemory(), 'back');
  await restore(store, 'latest', back);
  expect(look(back)).toEqual(look(source));
}

/** The files of records in a store, with parts. */
export function recordsIn(store: string): string[] {
  const folder = join(store, '.ingot', 'records');
  return fs.readdirSync(folder).map((name) => join(folder, name));
}

/** Puts other bytes into a file that keeps its size and its mtime. */
export function overwriteQuietly(path: string, bytes: string | Buffer): void {
  const { size, atimeMs, mtimeMs } = fs.statSync(path);
  expect(Buffer.byteLength(bytes)).toBe(size);
  fs.writeFileSync(path, bytes);
  fs.utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}

/** The same by way of a new file that takes its name. */
export function replaceQuietly(path: string, bytes: string | Buffer): void {
  const { size, atimeMs, mtimeMs } = fs.statSync(path);
  expect(Buffer.byteLength(bytes)).toBe(size);
  const temp = join(temporaryDirectory(path.slice(0, path.lastIndexOf('/'))), 'new');
  fs.writeFileSync(temp, bytes);
  fs.utimesSync(temp, atimeMs / 1000, mtimeMs / 1000);
  fs.renameSync(temp, path);
  fs.rmdirSync(temp.slice(0, -'/new'.length));
}
