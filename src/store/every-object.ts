import fs from 'node:fs';
import type { Layout } from './choices.ts';
import type { Digest } from './digest.ts';
import { requireFormat } from './format.ts';
import { listLayout, objectFolders, otherLayout } from './layout.ts';

/**
 * Every object, whatever a relayout does meanwhile, in no order. An object is moved from one place
 * to the other at most once, but either way: so the place listed first is listed again when it has
 * changed beside a relayout. One that is moved may come twice. Throws an IngotError.
 */
export function* listEveryObject(root: string): Generator<Digest> {
  const { layout, movingFrom } = requireFormat(root);
  const first = movingFrom ?? layout;
  const before = stampOf(root, first);
  yield* listLayout(root, first);
  yield* listLayout(root, otherLayout(first));
  const moves = movingFrom !== undefined || requireFormat(root).movingFrom !== undefined;
  if (moves && stampOf(root, first) !== before) yield* listLayout(root, first);
}

/** Changes with the names in the folders of a layout. */
function stampOf(root: string, layout: Layout): string {
  const times = objectFolders(root, layout).map(
    (folder) => fs.statSync(folder, { bigint: true, throwIfNoEntry: false })?.mtimeNs,
  );
  return times.join();
}
