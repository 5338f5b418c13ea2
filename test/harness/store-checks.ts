/** What has to hold of a store after any fault, seen from outside. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { ingest } from 'ingot';
import { expect } from 'vitest';
import { readImage } from '../crash/disk-image.ts';
import { brokenSnapshots, snapshotsIn, wrongSegmentsIn } from '../crash/snapshots.ts';
import type { Ended } from './run.ts';

/** The names of all objects, in either layout. */
export function objectsIn(store: string): string[] {
  return fs
    .readdirSync(store, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^\.ingot\/(segments|pins)\//.test(path))
    .map((path) => path.split('/').at(-1)!)
    .filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/**
 * Every object hashes to its name, and there is nothing else in the store but what is `besides`.
 * Gives the names.
 */
export function expectWhole(store: string, besides: readonly string[] = []): string[] {
  return fs
    .readdirSync(store)
    .filter((name) => !['.ingot', 'lost+found', ...besides].includes(name))
    .flatMap((name) =>
      /^[0-9a-f]{2}$/.test(name) ? filesIn(join(store, name)) : join(store, name),
    )
    .map((path) => {
      const digest = createHash('sha256').update(fs.readFileSync(path)).digest('hex');
      expect(digest).toBe(basename(path));
      return digest;
    });
}

function filesIn(folder: string): string[] {
  return fs.readdirSync(folder).map((name) => join(folder, name));
}

/** Every snapshot has its segments and all objects that it names. Gives their ids. */
export function expectWholeSnapshots(store: string): string[] {
  const metadata = join(store, '.ingot');
  const image = new Map([['.ingot', readImage(metadata)]]);
  const objects = new Set(objectsIn(store));
  expect(brokenSnapshots(image, (digest) => objects.has(digest))).toEqual([]);
  expect(wrongSegmentsIn(image)).toEqual([]);
  return snapshotsIn(image).sort();
}

/** Exit code 1 and one line on stderr that matches. */
export function expectFailure(ended: Ended, line: RegExp): void {
  expect(ended.stderr).toMatch(line);
  expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
  expect(ended.code).toBe(1);
}

/** The part of a report that tells how entries ended. */
export interface Counts {
  readonly entries: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Every entry is in exactly one count. Gives the outcomes above zero. */
export function addedUp({ entries, outcomes }: Counts): Record<string, number> {
  const some = Object.entries(outcomes).filter(([, count]) => count > 0);
  expect(some.reduce((sum, [, count]) => sum + count, 0)).toBe(entries);
  return Object.fromEntries(some);
}

/** The outcomes of a run with --json, whether it failed or not. */
export function outcomesOf(ended: Ended): Record<string, number> {
  const document = JSON.parse(ended.stdout) as Counts & { report?: Counts };
  return addedUp(document.report ?? document);
}

/**
 * A run without faults stores everything and records it: what a failed one left is no obstacle. It is
 * one of the library, which need not be started as a process.
 */
export async function expectNextRunCompletes(source: string, store: string): Promise<string[]> {
  const notices: string[] = [];
  const options = { threads: 1, onNotice: (notice: string) => void notices.push(notice) };
  const { outcomes, snapshot } = await ingest(store, [source], options);
  expect(outcomes).toMatchObject({ unreadable: 0, vanished: 0, changed: 0, unfinished: 0 });
  expect(notices).toEqual([]);
  expect(expectWholeSnapshots(store)).toContain(snapshot!.id);
  return expectWhole(store);
}
