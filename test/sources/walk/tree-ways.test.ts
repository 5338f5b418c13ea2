import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import type { FoundDirectory } from '../../../src/sources/walk/entries.ts';
import { TreeWays } from '../../../src/sources/walk/tree-ways.ts';
import { makeTree } from '../../harness/tree.ts';
import { failing } from './walking.ts';

function waysTo(ops = nodeDirectoryOps) {
  const found: FoundDirectory[] = [];
  const ways = new TreeWays({ onTheWay: (directory) => void found.push(directory) }, ops);
  const to = (path: string, itself = false) => {
    ways.to(path, itself);
    return found.splice(0).map(({ inTree }) => inTree);
  };
  return { to, found, ways };
}

test('directories on the way are handed on from the top, each once', () => {
  const root = makeTree({ 'a/b/c/f': '', 'a/b/d/g': '' });
  const { to } = waysTo();
  to(root);
  const at = root.slice(1);
  expect(to(join(root, 'a/b/c'))).toEqual([at, `${at}/a`, `${at}/a/b`]);
  expect(to(join(root, 'a/b/d'), true)).toEqual([`${at}/a/b/d`]);
  expect(to(join(root, 'a/b/c'), true)).toEqual([`${at}/a/b/c`]);
  expect(to(join(root, 'a/b/c'), true)).toEqual([]);
});

test('they have the status of what is there, of a link what it leads to', () => {
  const root = makeTree({ 'a/f': '', link: { symlink: 'a' } });
  fs.chmodSync(join(root, 'a'), 0o2750);
  const { found, ways } = waysTo();
  for (const name of ['a', 'link']) ways.to(join(root, name), true);
  const last = found.filter(({ inTree }) => /\/(a|link)$/.test(inTree));
  expect(last.map(({ status, lacks }) => [status.mode & 0o7777, lacks])).toEqual([
    ...[
      [0o2750, undefined],
      [0o2750, undefined],
    ],
  ]);
});

test('one that cannot be looked at is a part of the tree, and says why', () => {
  const root = makeTree({ 'a/f': '' });
  const { found, ways } = waysTo(failing('statSync', (path) => path.endsWith('/a'), 'EACCES'));
  ways.to(join(root, 'a'), true);
  expect(found.at(-1)).toMatchObject({ inTree: join(root, 'a').slice(1), lacks: 'EACCES' });
  ways.to(join(root, 'gone/f'), false);
  expect(found.at(-1)).toMatchObject({ lacks: 'ENOENT', status: { mode: 0o40755 } });
});

test('what is no failure of a call is no directory that is not there', () => {
  const ops = {
    ...nodeDirectoryOps,
    statSync: () => {
      throw new TypeError('a defect');
    },
  };
  expect(() => waysTo(ops).to('a/b')).toThrow('a defect');
});
