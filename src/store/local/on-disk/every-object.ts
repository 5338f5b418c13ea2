import fs from 'node:fs';
import type { Digest } from '../../../digest.ts';
import { formatPath, requireFormat } from './format.ts';
import { listLayout, objectFolders, otherLayout } from './layout.ts';

/**
 * Every object, whatever relayouts do meanwhile, in no order. When one has begun or ended, all are
 * listed again; while one goes on it moves objects one way, so the place listed first is listed
 * again when it has changed. Beside a relayout objects may come twice. Throws an IngotError.
 */
export function* listEveryObject(root: string): Generator<Digest> {
  let before: string;
  do {
    before = stampOf([formatPath(root)]);
    yield* listOneWay(root);
  } while (before !== stampOf([formatPath(root)]));
}

function* listOneWay(root: string): Generator<Digest> {
  const { layout, movingFrom } = requireFormat(root);
  const first = movingFrom ?? layout;
  const folders = movingFrom === undefined ? [] : objectFolders(root, first);
  const before = stampOf(folders);
  yield* listLayout(root, first);
  yield* listLayout(root, otherLayout(first));
  if (stampOf(folders) !== before) yield* listLayout(root, first);
}

/** Changes with a file that is replaced, and with the names in a folder. */
function stampOf(paths: readonly string[]): string {
  const stamps = paths.map((path) => {
    const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && `${stat.ino}:${stat.mtimeNs}`;
  });
  return stamps.join();
}
