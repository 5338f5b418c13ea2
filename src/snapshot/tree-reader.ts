/**
 * Reads the tree of a snapshot. Nothing that the storage gives is trusted: what is not as TreeWriter
 * writes it ends the reading with an IngotError, and no entry comes of it.
 */
import { Cursor } from './cursor.ts';
import { type Entry, keyOfEntry } from './entry.ts';
import { isRef, type Root } from './segment.ts';
import type { SegmentSource } from './storage.ts';

export class TreeReader {
  readonly root: Root;
  readonly #source: SegmentSource;

  constructor(source: SegmentSource, root: Root) {
    this.#source = source;
    this.root = root;
  }

  /** Before the first entry. */
  cursor(): Cursor {
    return new Cursor(this.#source, this.root);
  }

  /**
   * The entry of a path in the tree, in the escaped form of names.ts, without slashes around it. The
   * empty path is the root directory. Undefined when there is none. Throws an IngotError.
   */
  async find(path: string): Promise<Entry | undefined> {
    const cursor = this.cursor();
    for (const key of new Set([path, path && `${path}/`])) {
      await cursor.seek(key);
      const { item } = cursor;
      if (item !== undefined && !isRef(item) && keyOfEntry(item) === key) return item;
    }
    return undefined;
  }

  /**
   * The entries in a directory and below, in order, without the directory itself. Throws an
   * IngotError.
   */
  async *below(path: string): AsyncGenerator<Entry> {
    const prefix = path && `${path}/`;
    const cursor = this.cursor();
    await cursor.seek(prefix);
    for (let { item } = cursor; item !== undefined; item = cursor.item) {
      if (isRef(item)) await cursor.open(item);
      else {
        if (!keyOfEntry(item).startsWith(prefix)) return;
        if (item.path !== path) yield item;
        cursor.next();
      }
    }
  }

  /** The entries in a directory, without what lies below them. Throws an IngotError. */
  async *children(path: string): AsyncGenerator<Entry> {
    const prefix = path && `${path}/`;
    const cursor = new Cursor(this.#source, this.root, prefix.split('/').length - 1);
    for (let key = prefix; ; ) {
      await cursor.seek(key);
      const item = cursor.item as Entry | undefined;
      if (item === undefined || !keyOfEntry(item).startsWith(prefix)) return;
      if (item.path !== path) yield item;
      key = behind(item, path);
    }
  }
}

/** A key below which nothing is left of an entry and of what lies in it. */
function behind(item: Entry, within: string): string {
  const key = keyOfEntry(item);
  if (item.type !== 'directory' || item.path === within) return `${key}\0`;
  return `${item.path}${AFTER_SLASH}`;
}

/** The byte after that of the slash. */
const AFTER_SLASH = '0';
