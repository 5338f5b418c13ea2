/** Snapshots in a store, made without an ingest. */

import { idsIn } from '../../src/snapshot/catalog.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import { newId } from '../../src/snapshot/id.ts';
import { encodeReference, type Reference } from '../../src/snapshot/reference.ts';
import { SegmentStore } from '../../src/snapshot/store-segments.ts';
import { engineAt } from '../../src/store/engines.ts';
import { Store } from '../../src/store/store.ts';
import { sorted, writeTree } from './trees.ts';

/**
 * Stores contents and a snapshot of these entries, in any order; gives its id. The store is made if
 * it is missing.
 */
export async function storeSnapshot(
  root: string,
  entries: readonly Entry[],
  more: Partial<Reference> & { readonly contents?: readonly (string | Buffer)[] } = {},
): Promise<string> {
  const { contents = [], ...facts } = more;
  const store = await Store.open(root, { create: true });
  for (const content of contents) await store.put(Buffer.from(content));
  await store.close();
  const engine = engineAt(root);
  const half = await engine.openWriter({
    ...{ durability: 'group', barrier: 'auto', verifyHits: false, dryRun: false, groups: 0 },
  });
  try {
    const segments = new SegmentStore(
      half.openGroup('segments'),
      await engine.openReader('segments'),
    );
    const tree = await writeTree(sorted(entries), segments);
    await segments.commit();
    const before = await idsIn(await engine.openReader('references'));
    const time = facts.time ?? Date.now();
    const id = facts.id ?? newId(time, before.at(-1));
    const count = (type: Entry['type']) => entries.filter((entry) => entry.type === type).length;
    const reference: Reference = {
      ...{ label: undefined, host: 'host', user: 'user', version: '0.0.0', sources: [] },
      ...{ users: [], groups: [], added: 0, generation: '0', complete: true, lacks: [] },
      counts: {
        directories: count('directory'),
        files: count('file'),
        links: count('link'),
        missing: count('missing'),
      },
      ...facts,
      ...{ id, time, root: tree },
    };
    const group = half.openGroup('references');
    group.stage(id, encodeReference(reference));
    await group.commit();
    return id;
  } finally {
    await half.end('failed');
  }
}
