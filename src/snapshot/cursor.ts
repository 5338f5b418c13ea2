/**
 * A place in a tree that is read, which moves forward. It stands at an entry, or at a segment that
 * need not be opened. Of each level one segment is in memory.
 */
import type { Entry } from './entry.ts';
import { decodeEntries, decodeShallow, decodeUnequal, type Placed } from './entry-segment.ts';
import { compareKeys, Position } from './position.ts';
import { damagedSegment } from './refusals.ts';
import { decodeRefs, isRef, keyOfItem, keyOfRef, type Root, type SegmentRef } from './segment.ts';
import type { SegmentSource } from './storage.ts';

export type Item = SegmentRef | Entry;

interface OpenedSegment {
  readonly items: readonly Item[];
  at: number;
}

export class Cursor {
  readonly #source: SegmentSource;
  readonly #opened: OpenedSegment[];
  /** Entries with more directories above them are passed over without a look. */
  readonly #deepest: number | undefined;
  /** Behind the last entry that was read, while no entry after it has been left out. */
  #position: Position | undefined;

  constructor(source: SegmentSource, root: Root, deepest?: number) {
    this.#source = source;
    this.#deepest = deepest;
    this.#opened = [{ items: [{ ...root, directory: '', first: '' }], at: 0 }];
  }

  /** Undefined at the end. */
  get item(): Item | undefined {
    const segment = this.#opened.at(-1);
    return segment?.items[segment.at];
  }

  /** How many segments are open, the root among them. */
  get depth(): number {
    return this.#opened.length;
  }

  /** Goes to the next item; leaves out the segment that it stands at. */
  next(): void {
    const { item } = this;
    if (item !== undefined && isRef(item)) this.#position = undefined;
    for (let segment = this.#opened.at(-1); segment !== undefined; segment = this.#opened.at(-1)) {
      if (++segment.at < segment.items.length) return;
      this.#opened.pop();
    }
  }

  /** Opens the segment that it stands at and goes to its first item, or on if it has none. */
  async open(ref: SegmentRef): Promise<void> {
    this.#enter(await this.#read(ref));
  }

  /**
   * Opens the segments of entries that two cursors stand at, which begin in the same place, without
   * equal entries at their beginnings and ends.
   */
  static async openBoth(
    [a, left]: readonly [Cursor, SegmentRef],
    [b, right]: readonly [Cursor, SegmentRef],
  ): Promise<void> {
    const [one, other] = decodeUnequal(await a.#placed(left), await b.#placed(right));
    a.#enter(one);
    b.#enter(other);
  }

  async #placed(ref: SegmentRef): Promise<Placed> {
    return {
      bytes: await this.#source.get(ref.digest),
      of: ref,
      position: this.#positionAt(ref),
    };
  }

  #enter(items: readonly Item[]): void {
    this.#opened.push({ items, at: -1 });
    this.next();
  }

  /** Goes to the first entry, from here on, whose key is not below this one. */
  async seek(key: string): Promise<void> {
    this.#leaveBefore(key);
    for (let { item } = this; item !== undefined; item = this.item) {
      if (isRef(item)) {
        await this.open(item);
        this.#leaveBefore(key);
      } else if (compareKeys(keyOfItem(item), key) >= 0) return;
      else this.next();
    }
  }

  /** Goes to the last item of the segments that are open whose key is not above this one. */
  #leaveBefore(key: string): void {
    for (const [depth, segment] of this.#opened.entries()) {
      const at = lastNotAbove(segment.items, segment.at, key);
      if (at === segment.at) continue;
      segment.at = at;
      this.#opened.length = depth + 1;
      if (isRef(segment.items[at]!)) this.#position = undefined;
      return;
    }
  }

  async #read(ref: SegmentRef): Promise<readonly Item[]> {
    const bytes = await this.#source.get(ref.digest);
    if (ref.level === 0 && this.#deepest !== undefined)
      return decodeShallow(bytes, ref, Position.in(ref.directory), this.#deepest);
    const items =
      ref.level === 0
        ? decodeEntries(bytes, ref, this.#positionAt(ref))
        : decodeRefs(bytes, ref, ref.directory);
    const isWhole = this.#opened.length === 1;
    if (!isWhole && keyOfItem(items[0]!) !== keyOfRef(ref))
      throw damagedSegment(ref.digest, 'it begins with another entry than is said of it');
    return items;
  }

  /** Before the first entry of a segment. */
  #positionAt({ directory, digest }: SegmentRef): Position {
    const position = this.#position ?? Position.in(directory);
    const levels = position.levelsTo(directory);
    if (levels === undefined)
      throw damagedSegment(digest, 'the directory of its first entry does not come before it');
    position.leave(levels);
    this.#position = position;
    return position;
  }
}

/** From an index on; that one if all are above the key. */
function lastNotAbove(items: readonly Item[], from: number, key: string): number {
  let low = from;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareKeys(keyOfItem(items[middle]!), key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}
