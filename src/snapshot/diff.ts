/** What differs between two trees. Segments that are the same in both are not opened. */
import type { Cursor, Item } from './cursor.ts';
import type { Entry } from './entry.ts';
import { compareKeys } from './position.ts';
import { isRef, keyOfItem, type SegmentRef } from './segment.ts';
import type { TreeReader } from './tree-reader.ts';
import { encodeXattrs } from './xattrs.ts';

/** One path: what it was, what it is, or both. A file that became a directory makes two of them. */
export interface Difference {
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}

/** In the order of entries. Throws an IngotError. */
export async function* differences(
  before: TreeReader,
  after: TreeReader,
): AsyncGenerator<Difference> {
  const a = before.cursor();
  const b = after.cursor();
  for (;;) {
    const { item: left } = a;
    const { item: right } = b;
    if (left === undefined && right === undefined) return;
    if (left !== undefined && right !== undefined && isSameSegment(left, right)) {
      a.next();
      b.next();
      continue;
    }
    const order = orderOf(left, right);
    const opensLeft = order <= 0 && isToOpen(left, order === 0 ? right : undefined);
    const opensRight = order >= 0 && isToOpen(right, order === 0 ? left : undefined);
    if (opensLeft || opensRight) {
      await Promise.all([opensLeft && a.open(left), opensRight && b.open(right)]);
      continue;
    }
    const first = order <= 0 ? taken(a) : undefined;
    const second = order >= 0 ? taken(b) : undefined;
    if (first === undefined || second === undefined || !isSameEntry(first, second))
      yield { before: first, after: second };
  }
}

/** By key; what is at its end comes last. */
function orderOf(left: Item | undefined, right: Item | undefined): number {
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  return compareKeys(keyOfItem(left), keyOfItem(right));
}

/** Of two segments that begin alike the higher one is opened, or both. */
function isToOpen(item: Item | undefined, other: Item | undefined): item is SegmentRef {
  if (item === undefined || !isRef(item)) return false;
  return other === undefined || !isRef(other) || item.level >= other.level;
}

function isSameSegment(left: Item, right: Item): boolean {
  return (
    isRef(left) &&
    isRef(right) &&
    left.digest === right.digest &&
    keyOfItem(left) === keyOfItem(right)
  );
}

/** All that an entry of any type may say of itself, but for its path and extended attributes. */
const FIELDS = [
  ...['type', 'mode', 'uid', 'gid', 'mtime', 'size', 'digest'],
  ...['group', 'target', 'lacks', 'why'],
] as const;
type Fields = { readonly [Name in (typeof FIELDS)[number]]?: unknown };

function isSameEntry(left: Entry, right: Entry): boolean {
  const [one, other]: [Fields, Fields] = [left, right];
  return FIELDS.every((name) => one[name] === other[name]) && xattrsOf(left) === xattrsOf(right);
}

function xattrsOf(entry: Entry): string {
  return entry.type === 'missing' || entry.xattrs === undefined ? '' : encodeXattrs(entry.xattrs);
}

/** The entry that a cursor stands at; it goes on to the next. */
function taken(cursor: Cursor): Entry {
  const entry = cursor.item as Entry;
  cursor.next();
  return entry;
}
