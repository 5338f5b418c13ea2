import type { Digest } from '../digest.ts';
import type { ReadHalf } from '../store/seam/read.ts';
import { Cursor } from './cursor.ts';
import { isRef, type Root } from './segment.ts';
import { StoredSegments } from './store-segments.ts';

/**
 * True when all segments of a tree are in the store; of those with entries nothing is read. Throws an
 * IngotError, also where one that leads to others is missing or damaged.
 */
export async function hasSegments(reader: ReadHalf<Digest>, root: Root): Promise<boolean> {
  const cursor = new Cursor(new StoredSegments(reader), root);
  for (let { item } = cursor; item !== undefined && isRef(item); item = cursor.item)
    if (item.level > 0) await cursor.open(item);
    else if ((await reader.stat(item.digest)) === undefined) return false;
    else cursor.next();
  return true;
}
