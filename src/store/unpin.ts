/** `unpin` as callers see it. */
import { type Digest, parseDigest } from '../digest.ts';
import { IngotError } from '../errors.ts';
import { engineAt } from './engines.ts';
import type { Engine } from './seam/engine.ts';
import { notOffered } from './seam/refusals.ts';

/**
 * Keeps an object no longer that `put` has stored. Durable when it resolves. Throws an IngotError:
 * INGOT_NOT_PINNED, an errno.
 */
export async function unpin(store: string, digest: Digest): Promise<void> {
  return unpinIn(engineAt(store), digest);
}

/** `unpin` with the engine to use. */
export async function unpinIn(engine: Engine, digest: Digest): Promise<void> {
  const wanted = parseDigest(digest);
  if (engine.unpin === undefined) throw notOffered('unpin an object', engine.address);
  if (await engine.unpin(wanted)) return;
  throw new IngotError({
    ...{ what: 'cannot unpin an object', code: 'INGOT_NOT_PINNED', kind: 'gone', path: wanted },
    why: 'it is not pinned',
    hint: "'ingot put' pins what it stores; what an ingest stores its snapshot keeps",
  });
}
