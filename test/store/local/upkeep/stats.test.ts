import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storeStats } from '../../../../src/store/local/upkeep/stats.ts';
import { Store } from '../../../../src/store/store.ts';
import { plant, tempStore } from '../../../harness/temp-store.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

test('objects, temps, quarantine and the disk are counted', async () => {
  const root = tempStore();
  plant(root, 'flat', 'four');
  const digest = plant(root, 'flat', 'the largest');
  fs.mkdirSync(join(root, '.tmp-dead0000000000000000000000000000', '0'), { recursive: true });
  fs.writeFileSync(join(root, '.tmp-dead0000000000000000000000000000', '0', '5'), 'half');
  const stats = await storeStats(root);
  expect(stats).toMatchObject({
    root,
    format: 1,
    layout: 'flat',
    objects: 2,
    bytes: 15,
    largest: { digest, size: 11 },
    writers: { alive: 0, dead: 1, liveTemps: 0, deadTemps: 1 },
    quarantined: 0,
  });
  expect(stats.movingFrom).toBeUndefined();
  expect(stats.fileSystem!.bytes).toBeGreaterThan(stats.fileSystem!.bytesFree);
});

test('a live writer is told from a dead one', async () => {
  const root = tempStore('sharded');
  const store = await Store.open(root);
  await store.put(Buffer.from('x'));
  expect(await storeStats(root)).toMatchObject({ objects: 1, writers: { alive: 1, dead: 0 } });
  await store.close();
  expect(await storeStats(root)).toMatchObject({ writers: { alive: 0, dead: 0 } });
});

test('an empty store has no largest object, and no store is an error', async () => {
  expect((await storeStats(tempStore())).largest).toBeUndefined();
  await expect(storeStats(temporaryDirectory())).rejects.toMatchObject({ code: 'INGOT_NO_STORE' });
});
