import fs from 'node:fs';
import { expect, test } from 'vitest';
import { StoreExclusion } from '../../../src/sources/walk/store-exclusion.ts';
import { makeTree } from '../../harness/tree.ts';

test('a directory is the store when its inode is the same, exactly, on the same device', () => {
  const root = makeTree({ 'store/object': '', 'other/f': '' });
  const store = new StoreExclusion(`${root}/store`);
  const stats = fs.statSync(`${root}/store`);
  expect(store.isAt(`${root}/store`, stats)).toBe(true);
  expect(store.isAt(`${root}/store`, { ino: stats.ino, dev: stats.dev + 1 })).toBe(false);
  // Numbers of its inode and of the store's that are equal, as those of rounded ones may be.
  expect(store.isAt(`${root}/other`, stats)).toBe(false);
});
