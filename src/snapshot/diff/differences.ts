/** Goes through two trees side by side. Segments that are the same in both are not opened. */
import type { Turns } from '../../turns.ts';
import { Cursor } from '../cursor.ts';
import { compareKeys } from '../position.ts';
import { isRef, type SegmentRef } from '../segment.ts';
import type { Compared, Side } from './side.ts';

/** One key: what it was, what it is, or both. A file that became a directory makes two of them. */
export interface Pair {
  readonly key: string;
  readonly before: Compared | undefined;
  readonly after: Compared | undefined;
}

/** Gives what differs, or undefined where two entries are the same. */
export type Compare<T> = (pair: Pair) => T | undefined | Promise<T | undefined>;

/** In the order of entries. Throws an IngotError. */
export async function* differences<T>(
  a: Side,
  b: Side,
  compare: Compare<T>,
  turns: Turns,
): AsyncGenerator<T> {
  for (;;) {
    if (turns.isDue()) await turns.take();
    const { item: left } = a;
    const { item: right } = b;
    if (left === undefined && right === undefined) return;
    const order = left === undefined ? 1 : right === undefined ? -1 : compareKeys(a.key, b.key);
    if (order === 0 && isSameSegment(left!, right!)) {
      a.next();
      b.next();
      continue;
    }
    const opensLeft = order <= 0 && isToOpen(left, order === 0 ? right : undefined);
    const opensRight = order >= 0 && isToOpen(right, order === 0 ? left : undefined);
    if (
      opensLeft &&
      opensRight &&
      isOfEntries(left) &&
      isOfEntries(right) &&
      a.cursor &&
      b.cursor
    ) {
      await Cursor.openBoth([a.cursor, left], [b.cursor, right]);
      continue;
    }
    if (opensLeft) await a.open(left as SegmentRef);
    if (opensRight) await b.open(right as SegmentRef);
    if (opensLeft || opensRight) continue;
    const key = order <= 0 ? a.key : b.key;
    const before = order <= 0 ? taken(a) : undefined;
    const after = order >= 0 ? taken(b) : undefined;
    const found = compare({ key, before, after });
    const difference = found instanceof Promise ? await found : found;
    if (difference !== undefined) yield difference;
  }
}

/** Of two segments that begin alike the higher one is opened, or both. */
function isToOpen(item: Side['item'], other: Side['item']): boolean {
  if (item === undefined || !isRef(item)) return false;
  return other === undefined || !isRef(other) || item.level >= other.level;
}

function isOfEntries(item: Side['item']): item is SegmentRef {
  return item !== undefined && isRef(item) && item.level === 0;
}

/** They begin with the same key. */
function isSameSegment(left: Compared | SegmentRef, right: Compared | SegmentRef): boolean {
  return isRef(left) && isRef(right) && left.digest === right.digest;
}

/** The entry that a side stands at; it goes on to the next. */
function taken(side: Side): Compared {
  const entry = side.item as Compared;
  side.next();
  return entry;
}
