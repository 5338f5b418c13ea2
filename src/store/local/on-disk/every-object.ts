import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { stampOf } from '../../../files/stamp.ts';
import { formatPath, requireFormat } from './format.ts';
import { listLayout, type OnRefused, objectFolders, otherLayout } from './layout.ts';

/**
 * Every object, in no order, whatever relayouts do meanwhile. When a relayout has begun or ended,
 * all objects are listed again. While one runs it moves objects one way, so the place listed first
 * is listed again if it has changed. Beside a relayout objects may come twice. Throws an
 * IngotError.
 */
export function* listEveryObject(root: string, onRefused?: OnRefused): Generator<Digest> {
  let before: string;
  do {
    before = stampsOf([formatPath(root)]);
    yield* listOneWay(root, onRefused);
  } while (before !== stampsOf([formatPath(root)]));
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
  const stamps = paths.map((path) => {
    const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && stampOf(stat);
  });
  return stamps.join();
}
