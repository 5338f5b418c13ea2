import { codeOf, IngotError, isIngotError } from '../../errors.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { Group, MainHalf } from '../../store/seam/write.ts';
import { Turns } from '../../turns.ts';
import type { Reference } from '../reference.ts';
import type { SegmentSource } from '../storage.ts';
import { StoredSegments } from '../store-segments.ts';
import { TreeReader } from '../tree-reader.ts';

/**
 * Throws INGOT_OBJECT_GONE unless all segments and objects of a snapshot are in the store. Then they
 * are durable: another writer may have stored some of them a moment ago.
 */
export async function requireAll(
  engine: Engine,
  half: MainHalf,
  { id, root }: Reference,
  signal: AbortSignal | undefined,
): Promise<void> {
  const turns = new Turns({ signal });
  const groups = { segments: half.openGroup('segments'), objects: half.openGroup('objects') };
  try {
    const source = new StoredSegments(await engine.openReader('segments'));
    const segments = looking(source, groups.segments);
    for await (const entry of new TreeReader(segments, root).below('')) {
      if (turns.isDue()) await turns.take();
      if (entry.type !== 'file') continue;
      if (groups.objects.lookup(entry.digest, entry.size) === 'present') continue;
      throw gone(id, `object ${entry.digest} is not there whole`);
    }
    for (const group of Object.values(groups)) await group.commit();
  } catch (error) {
    if (codeOf(error) !== 'INGOT_DAMAGED' || !isIngotError(error)) throw error;
    throw gone(id, error.message, error);
  } finally {
    for (const group of Object.values(groups)) group.discard();
  }
}

/** What is read from it the group looks for, too. */
function looking(source: SegmentSource, group: Group): SegmentSource {
  return {
    get: async (digest) => {
      const bytes = await source.get(digest);
      group.lookup(digest, bytes.length);
      return bytes;
    },
  };
}

function gone(path: string, why: string, cause?: unknown): IngotError {
  const what = 'cannot bring back a snapshot';
  const hint = 'a gc has begun with it: ingest the sources again';
  return new IngotError({ what, code: 'INGOT_OBJECT_GONE', path, why, hint }, cause);
}
