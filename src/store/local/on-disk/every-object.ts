import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { stampAt } from '../../../files/stamp.ts';
import { formatPath, requireFormat } from './format.ts';
import { listLayout, type OnRefused, objectFolders, otherLayout } from './layout.ts';

/**
 * Listings after which the format is another file that says the same. Relayouts there and back
 * leave that behind; so do file systems whose times, or inodes, do not stay: they would be listed
 * for ever.
 */
const MAX_SAME = 3;

/**
 * Every object, in no order, whatever relayouts do meanwhile. When a relayout has begun or ended,
 * all objects are listed again. While one runs it moves objects one way, so the place listed first
 * is listed again if it has changed. Beside a relayout objects may come twice. Throws an
 * IngotError.
 */
export function* listEveryObject(root: string, onRefused?: OnRefused): Generator<Digest> {
  for (let same = 0; same < MAX_SAME; ) {
    const before = lookAtFormat(root);
    yield* listOneWay(root, onRefused);
    const after = lookAtFormat(root);
    if (after.stamp === before.stamp) return;
    same = after.says === before.says ? same + 1 : 0;
  }
}

function lookAtFormat(root: string): { readonly stamp: string; readonly says: string } {
  return { stamp: stampsOf([formatPath(root)]), says: JSON.stringify(requireFormat(root)) };
}

function* listOneWay(root: string, onRefused: OnRefused | undefined): Generator<Digest> {
  const { layout, movingFrom } = requireFormat(root);
  const first = movingFrom ?? layout;
  const folders = movingFrom === undefined ? [] : objectFolders(root, first);
  const before = stampsOf(folders);
  yield* listLayout(root, first, onRefused);
  yield* listLayout(root, otherLayout(first), onRefused);
  if (stampsOf(folders) !== before) yield* listLayout(root, first, onRefused);
}

function stampsOf(paths: readonly string[]): string {
  return paths.map((path) => stampAt(path, fs.statSync)).join();
}
