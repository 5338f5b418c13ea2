/**
 * The name of a snapshot, as users give it: an id; the beginning of either part of one; a label,
 * which is its newest snapshot; `latest`, which is the newest of all; `~1` after one of these two,
 * which is the one before. Then maybe `:` and a path in it.
 */
import { wrong } from '../checked.ts';
import { IngotError, printable, UsageError } from '../errors.ts';
import { escapeName, toBytes } from '../names.ts';
import { isSnapshotId } from './id.ts';

export interface SnapshotName {
  /** What stands before `~` and `:`. */
  readonly base: string;
  /** How many snapshots to go back. */
  readonly back: number;
  /** As the entries of a tree have it; the empty string is the root. Undefined when none is given. */
  readonly path: string | undefined;
}

/** Of plain text, or the escaped form of names.ts, which the result has. Throws a UsageError. */
export function parseSnapshotName(given: string): SnapshotName {
  if (typeof given !== 'string') throw wrong('name of a snapshot', given, 'a string');
  const text = escapeName(toBytes(given));
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const path = colon < 0 ? undefined : treePath(text, text.slice(colon + 1));
  const [, base, back = '0'] = /^([^~]*)(?:~(0|[1-9]\d{0,8}))?$/s.exec(name) ?? [];
  if (base === undefined) throw malformed(text, "after '~' comes a number, and nothing else");
  if (base === '') throw malformed(text, 'it names no snapshot');
  if (base.includes('/')) throw malformed(text, "it has a '/' before any ':'");
  return { base, back: Number(back), path };
}

/** Slashes around it and `.` mean nothing. */
function treePath(text: string, path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw malformed(text, "its path has a '..'");
  if (path.includes('\0')) throw malformed(text, 'its path has a NUL byte');
  return names.join('/');
}

function malformed(path: string, why: string): UsageError {
  return new UsageError({
    ...{ what: 'not the name of a snapshot', code: 'INGOT_BAD_SNAPSHOT_NAME', path, why },
    hint: "give an id, its beginning, a label, 'latest' or LABEL~1, and maybe :PATH",
  });
}

/** What has to be known of a snapshot to find it. */
export interface Named {
  readonly id: string;
  readonly label: string | undefined;
}

/**
 * The snapshot that is meant. A label goes before the beginnings of ids. Throws an IngotError that
 * says what was found instead.
 */
export function resolveSnapshot<T extends Named>(
  { base, back }: SnapshotName,
  snapshots: readonly T[],
): T {
  const newestFirst = [...snapshots].sort((a, b) => (a.id < b.id ? 1 : -1));
  const row = base === 'latest' ? newestFirst : newestFirst.filter(({ label }) => label === base);
  if (base === 'latest' || (row.length > 0 && !isSnapshotId(base))) return inRow(row, base, back);
  const found = newestFirst.filter(({ id }) => beginsId(id, base));
  const [only] = found;
  if (only === undefined) throw unknown(base, newestFirst);
  if (found.length > 1) throw ambiguous(base, found);
  if (back === 0) return only;
  throw malformed(`${base}~${back}`, "'~' counts from a label or from 'latest', and this is an id");
}

/** Either part of it. */
function beginsId(id: string, text: string): boolean {
  return id.startsWith(text) || id.slice(id.indexOf('-') + 1).startsWith(text);
}

function inRow<T extends Named>(row: readonly T[], base: string, back: number): T {
  const found = row[back];
  if (found !== undefined) return found;
  const path = back === 0 ? base : `${base}~${back}`;
  if (row.length === 0) throw nothingRecorded(path);
  const of = base === 'latest' ? 'there are' : `of this label there are`;
  throw noSnapshot(path, `${of} only ${row.length}, the oldest of them ${row.at(-1)!.id}`);
}

/** So many of what was found are listed. */
const SHOWN = 3;

function unknown(base: string, snapshots: readonly Named[]): IngotError {
  if (snapshots.length === 0) return nothingRecorded(base);
  const labels = [...new Set(snapshots.flatMap(({ label }) => label ?? []))];
  const found = labels.length === 0 ? 'none has a label' : `its labels are ${listed(labels)}`;
  return noSnapshot(base, `no label is that and no id begins so; ${found}`);
}

function ambiguous(base: string, found: readonly Named[]): IngotError {
  const ids = listed(found.map(({ id }) => id));
  return new IngotError({
    ...{ what: 'more than one snapshot is meant', code: 'INGOT_AMBIGUOUS_SNAPSHOT', path: base },
    why: `${found.length} ids begin so: ${ids}`,
    hint: 'give more of it',
  });
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).map(printable).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function nothingRecorded(path: string): IngotError {
  return new IngotError({
    ...{ what: 'no such snapshot', code: 'INGOT_NO_SNAPSHOT', kind: 'gone', path },
    why: 'nothing was recorded: the store has no snapshots',
    hint: "'ingot ingest SOURCE' records one",
  });
}

function noSnapshot(path: string, why: string): IngotError {
  return new IngotError({
    ...{ what: 'no such snapshot', code: 'INGOT_NO_SNAPSHOT', kind: 'gone', path, why },
    hint: "'ingot snapshots' lists them",
  });
}
