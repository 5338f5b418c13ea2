/** Segments of level 0: all of their entries, or those that somebody asks for. */
import type { Entry } from './entry.ts';
import { decodeEntry } from './entry-line.ts';
import type { Position } from './position.ts';
import { linesOf, type Root, refusalOf, requireSums } from './segment.ts';

/** The entries of a segment of level 0, which begins at a position. Moves it behind the last one. */
export function decodeEntries(bytes: Uint8Array, of: Root, position: Position): Entry[] {
  const refuse = refusalOf(of);
  const entries: Entry[] = [];
  let size = 0;
  for (const line of linesOf(bytes, of, refuse)) {
    const entry = decodeEntry(line, position, refuse);
    if (entry.type === 'file') size += entry.size;
    entries.push(entry);
  }
  requireSums(of, entries.length, size, refuse);
  return entries;
}

/**
 * Those entries of a segment of level 0 that have at most `deepest` directories above them. Of other
 * lines it looks only at where they lead: most of what lies below a directory is not in it. The
 * position is of no use afterwards.
 */
export function decodeShallow(
  bytes: Uint8Array,
  of: Root,
  position: Position,
  deepest: number,
): Entry[] {
  const refuse = refusalOf(of);
  const entries: Entry[] = [];
  const lines = linesOf(bytes, of, refuse);
  let { depth } = position;
  position.leave(Math.max(0, depth - deepest - 1));
  for (const line of lines) {
    const up = UP_FIRST.exec(line);
    const rest = up === null ? line : `{${line.slice(up[0].length)}`;
    depth -= Number(up?.[1] ?? 0);
    if (depth > deepest) {
      if (rest.startsWith(DIRECTORY_FIRST)) depth++;
      continue;
    }
    if (depth < 0) refuse('a path leads out of the tree');
    position.leave(position.depth - depth);
    entries.push(decodeEntry(rest, position, refuse));
    ({ depth } = position);
  }
  if (lines.length !== of.entries) refuse(`it has ${lines.length} entries, not ${of.entries}`);
  return entries;
}

const UP_FIRST = /^\{"up":([1-9]\d{0,4}),/;
const DIRECTORY_FIRST = '{"dir":';

/** A segment that begins at a position. */
export interface Placed {
  readonly bytes: Uint8Array;
  readonly of: Root;
  readonly position: Position;
}

/**
 * The entries of two segments that begin in the same place, but for equal ones before and after the
 * lines that differ: those are not looked at. Moves the positions behind the last ones.
 */
export function decodeUnequal(a: Placed, b: Placed): [Entry[], Entry[]] {
  const [left, right] = [wholeLines(a), wholeLines(b)];
  const shorter = Math.min(left.length, right.length);
  let before = 0;
  while (before < shorter && left[before] === right[before]) before++;
  let after = 0;
  while (after < shorter - before && left.at(-1 - after) === right.at(-1 - after)) after++;
  // Behind a line that leads elsewhere equal lines may be of other paths.
  const differ = [
    ...left.slice(before, -after || undefined),
    ...right.slice(before, -after || undefined),
  ];
  if (differ.some(leadsOn)) after = 0;
  return [decodeMiddle(a, left, before, after), decodeMiddle(b, right, before, after)];
}

function wholeLines({ bytes, of }: Placed): string[] {
  const refuse = refusalOf(of);
  const lines = linesOf(bytes, of, refuse);
  if (lines.length !== of.entries) refuse(`it has ${lines.length} entries, not ${of.entries}`);
  return lines;
}

/** Without the first and the last ones, of which only those count that lead to another directory. */
function decodeMiddle(
  { of, position }: Placed,
  lines: readonly string[],
  before: number,
  after: number,
): Entry[] {
  const refuse = refusalOf(of);
  const entries: Entry[] = [];
  for (const [at, line] of lines.entries()) {
    const isAsked = at >= before && at < lines.length - after;
    if (!isAsked && !leadsOn(line)) continue;
    const entry = decodeEntry(line, position, refuse);
    if (isAsked) entries.push(entry);
  }
  return entries;
}

function leadsOn(line: string): boolean {
  return line.startsWith(UP) || line.startsWith(DIRECTORY_FIRST);
}

const UP = '{"up":';
