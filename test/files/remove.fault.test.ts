import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFileOps } from '../../src/files/file-ops.ts';
import { removeFile, removeTree } from '../../src/files/remove.ts';
import { demandMounts, mountTmpfs, remount } from '../harness/mounts.ts';
import { makeTree } from '../harness/tree.ts';

test('a tree is removed with links and names that are not UTF-8, and what is gone is no failure', () => {
  const tree = makeTree({
    'a/b/c': 'x',
    'a/bad\udcff/d': 'x',
    'a/link': { symlink: '../kept' },
    'kept/e': 'x',
  });
  removeTree(nodeFileOps, join(tree, 'a'));
  removeTree(nodeFileOps, join(tree, 'a'));
  removeFile(nodeFileOps, join(tree, 'a'));
  removeTree(nodeFileOps, join(tree, 'kept/e'));
  expect(fs.readdirSync(tree, { recursive: true })).toEqual(['kept']);
});

test('what cannot be removed is told with its errno, on every Node', (context) => {
  demandMounts(context);
  const disk = mountTmpfs('size=1m');
  makeTree({ 'folder/file': 'x' }, disk);
  remount(disk, 'ro');
  const readOnly = expect.objectContaining({ code: 'EROFS' });
  expect(() => removeFile(nodeFileOps, join(disk, 'folder/file'))).toThrow(readOnly);
  expect(() => removeTree(nodeFileOps, join(disk, 'folder'))).toThrow(readOnly);
});
