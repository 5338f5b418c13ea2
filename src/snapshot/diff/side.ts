/** One of the two trees that a diff goes through. */
import type { Digest } from '../../digest.ts';
import type { Cursor, Item } from '../cursor.ts';
import type { Entry, FileEntry } from '../entry.ts';
import { keyOfItem, type SegmentRef } from '../segment.ts';
import type { TreeReader } from '../tree-reader.ts';

/** An entry of a tree that is compared. A file of this machine has a digest once it has been read. */
export type Compared =
  | Exclude<Entry, FileEntry>
  | (Omit<FileEntry, 'digest'> & { readonly digest: Digest | undefined });

/** A place in a tree, which moves forward in the order of entries. */
export interface Side {
  /** Undefined at the end. */
  readonly item: Compared | SegmentRef | undefined;
  /** What sorts the item that it stands at, as of `keyOfEntry`, below the path that is compared. */
  readonly key: string;
  /** Goes to the next item; leaves out the segment that it stands at. */
  next(): void;
  /** Where there are segments. */
  readonly cursor?: Cursor;
  /** Opens the segment that it stands at. Throws an IngotError. */
  open(ref: SegmentRef): Promise<void>;
  /** Reads a file that has no digest, by its path below what is compared. Throws an IngotError. */
  digestOf(path: string): Promise<Digest>;
  /** Gives up what it holds of the machine. */
  close?(): void;
}

/** A directory in a snapshot, itself included; the empty path is the whole tree. */
export class SnapshotSide implements Side {
  readonly cursor: Cursor;
  readonly #prefix: string;

  private constructor(cursor: Cursor, prefix: string) {
    this.cursor = cursor;
    this.#prefix = prefix;
  }

  /** Throws an IngotError. */
  static async at(tree: TreeReader, path: string): Promise<SnapshotSide> {
    const prefix = path && `${path}/`;
    const cursor = tree.cursor();
    if (prefix !== '') await cursor.seek(prefix);
    return new SnapshotSide(cursor, prefix);
  }

  get item(): Item | undefined {
    const { item } = this.cursor;
    return item !== undefined && keyOfItem(item).startsWith(this.#prefix) ? item : undefined;
  }

  get key(): string {
    return keyOfItem(this.cursor.item!).slice(this.#prefix.length);
  }

  next(): void {
    this.cursor.next();
  }

  open(ref: SegmentRef): Promise<void> {
    return this.cursor.open(ref);
  }

  async digestOf(path: string): Promise<Digest> {
    throw new Error(`${path} has a digest`);
  }
}

/** One entry of a snapshot that is no directory. */
export class LeafSide implements Side {
  readonly key = '';
  item: Entry | undefined;

  constructor(entry: Entry) {
    this.item = entry;
  }

  next(): void {
    this.item = undefined;
  }

  async open(): Promise<void> {}

  async digestOf(path: string): Promise<Digest> {
    throw new Error(`${path} has a digest`);
  }
}
