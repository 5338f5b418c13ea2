import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stampAt } from '../../src/files/stamp.ts';
import { makeTree } from '../harness/tree.ts';

/** A look at what is there, whose time is another one each time. */
function always(now: bigint) {
  let at = now;
  const look = (path: string) =>
    Object.assign(fs.statSync(path, { bigint: true }), { mtimeNs: at++ });
  return look as unknown as typeof fs.statSync;
}

it('a file that is written to, or replaced, has another stamp', () => {
  const tree = makeTree({ a: 'one', b: 'two' });
  const [path, other] = [join(tree, 'a'), join(tree, 'b')];
  const first = stampAt(path, fs.statSync);
  expect(stampAt(path, fs.statSync)).toBe(first);
  fs.utimesSync(path, 1, 1);
  const second = stampAt(path, fs.statSync);
  expect(second).not.toBe(first);
  fs.utimesSync(other, 1, 1);
  fs.renameSync(other, path);
  expect(stampAt(path, fs.statSync)).not.toBe(second);
});

it('where times are always now, only one that is replaced has', () => {
  const tree = makeTree({ a: 'one', b: 'two' });
  const first = stampAt(join(tree, 'a'), always(1n));
  expect(stampAt(join(tree, 'a'), always(7n))).toBe(first);
  expect(stampAt(join(tree, 'b'), always(1n))).not.toBe(first);
});

it('nothing has none', () => {
  expect(stampAt(join(makeTree({}), 'gone'), fs.statSync)).toBeUndefined();
});
