import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { formatPath, requireFormat } from './format.ts';
import { listLayout, type OnRefused, objectFolders, otherLayout } from './layout.ts';

/**
 * Every object, whatever relayouts do meanwhile, in no order. When one has begun or ended, all are
 * listed again; while one goes on it moves objects one way, so the place listed first is listed
 * again when it has changed. Beside a relayout objects may come twice. Throws an IngotError.
 */
export function* listEveryObject(root: string, onRefused?: OnRefused): Generator<Digest> {
  let before: string;
  do {
    before = stampOf([formatPath(root)]);
    yield* listOneWay(root, onRefused);
  } while (before !== stampOf([formatPath(root)]));
}

function* listOneWay(root: string, onRefused: OnRefused | undefined): Generator<Digest> {
  const { layout, movingFrom } = requireFormat(root);
  const first = movingFrom ?? layout;
  const folders = movingFrom === undefined ? [] : objectFolders(root, first);
  const before = stampOf(folders);
  yield* listLayout(root, first, onRefused);
  yield* listLayout(root, otherLayout(first), onRefused);
  if (stampOf(folders) !== before) yield* listLayout(root, first, onRefused);
}

/** Changes with a file that is replaced, and with the names in a folder. */
function stampOf(paths: readonly string[]): string {
  const stamps = paths.map((path) => {
    const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && `${stat.ino}:${stat.mtimeNs}`;
  });
  return stamps.join();
}
