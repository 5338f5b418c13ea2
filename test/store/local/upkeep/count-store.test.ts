import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LargeIndex } from '../../../../src/store/local/publish/large-index.ts';
import { countStore } from '../../../../src/store/local/upkeep/count-store.ts';
import { plantMany, tempStore } from '../../../harness/temp-store.ts';

/** Objects of 100 bytes, of which some have grown by holes to 8 MiB. */
function store(objects: number, large: number): string {
  const root = tempStore();
  for (const [at, digest] of plantMany(root, 'flat', objects).entries()) {
    const path = join(root, digest);
    fs.chmodSync(path, 0o644);
    fs.truncateSync(path, at < large ? 8 << 20 : 100);
  }
  return root;
}

test('a store of few objects is counted to the byte', async () => {
  const expected = { objects: 4000, bytes: 3 * (8 << 20) + 3997 * 100 };
  expect(await countStore(store(4000, 3), 'flat')).toEqual(expected);
});

test('of many objects the large ones come from their index, and others stand for the small ones', async () => {
  const root = store(5000, 3);
  const index = new LargeIndex(root);
  for (let n = 0; n < 3; n++) index.add(8 << 20, String(n).padStart(32, '0'));
  const expected = { objects: 5000, bytes: 3 * (8 << 20) + 4997 * 100 };
  expect(await countStore(root, 'flat')).toEqual(expected);
});

test('without an index those that were looked at stand for all', async () => {
  expect(await countStore(store(5000, 0), 'flat')).toEqual({ objects: 5000, bytes: 500_000 });
});

test('a count ends soon when it is no longer wanted', async () => {
  const counting = countStore(store(5000, 0), 'flat', AbortSignal.abort(new Error('enough')));
  await expect(counting).rejects.toThrow('enough');
});
