import { join } from 'node:path';
import type { Libc } from '../native/libc.ts';
import type { BarrierKind } from '../store/choices.ts';
import type { Ledger } from './ledger.ts';
import type { Program } from './program.ts';

/** What a trial works with. */
export interface Ground {
  /** The trial's own, empty, on the file system under trial; it is removed after it. */
  readonly folder: string;
  readonly program: Program;
  readonly ledger: Ledger;
  readonly libc: Libc | undefined;
  readonly barrier: BarrierKind;
  /** The usual name of the file system. */
  readonly fileSystem: string;
  /** Why strace(1) cannot be used; undefined where it can. */
  readonly straceObstacle: string | undefined;
}

/** Tries some guarantees. Throws when it cannot be carried out, an IngotError for the user. */
export type Trial = (ground: Ground) => Promise<void>;

/** `ingest` of some sources with a report as JSON. */
export function ingestOf(
  { folder }: Pick<Ground, 'folder'>,
  sources: readonly string[],
  ...options: string[]
): string[] {
  const store = ['--store', storeOf(folder), '--json', '--no-progress'];
  return ['ingest', ...sources, ...store, ...options];
}

/** Counts as a finding names them: `{new:3,duplicate:1}`. */
export function countsText(counts: object): string {
  return JSON.stringify(counts).replaceAll('"', '');
}

/** Where a trial has its store: flat, and made by its first ingest. */
export function storeOf(folder: string): string {
  return join(folder, 'store');
}
