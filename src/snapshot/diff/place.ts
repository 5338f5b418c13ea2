/** What a diff is told to compare: a snapshot, a path in one, or a directory or file of this machine. */
import fs from 'node:fs';
import { codeOf, UsageError } from '../../errors.ts';
import { toFsPath } from '../../names.ts';
import { openSnapshot, type Snapshot } from '../snapshot.ts';

export type Place =
  | { readonly snapshot: Snapshot }
  /** A path of this machine. */
  | { readonly local: string };

/**
 * A text with a slash before any colon, `.` and `..` are paths of this machine; one with a colon names
 * a snapshot. Any other is the snapshot of that name, or where there is none a directory. Throws an
 * IngotError for what is neither, a UsageError for what is both.
 */
export async function placeOf(store: string, text: string): Promise<Place> {
  if (/^\.{1,2}$|^[^:]*\//.test(text)) return { local: text };
  if (text.includes(':') || !isDirectory(text))
    return { snapshot: await openSnapshot(store, text) };
  try {
    await openSnapshot(store, text);
  } catch (error) {
    if (NO_SNAPSHOT.has(codeOf(error))) return { local: text };
    throw error;
  }
  throw new UsageError({
    what: 'two things have this name',
    code: 'INGOT_AMBIGUOUS_NAME',
    path: text,
    why: 'a snapshot has it, and a directory here',
    hint: `write '${text}:' for the snapshot, './${text}' for the directory`,
  });
}

const NO_SNAPSHOT = new Set<string | undefined>(['INGOT_NO_SNAPSHOT', 'INGOT_BAD_SNAPSHOT_NAME']);

function isDirectory(path: string): boolean {
  try {
    return fs.statSync(toFsPath(path)).isDirectory();
  } catch {
    return false;
  }
}
