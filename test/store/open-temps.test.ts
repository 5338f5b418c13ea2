import { expect, test } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';
import { digestOf } from '../../src/store/digest.ts';
import { fileOpsWith } from '../../src/store/file-ops.ts';
import { LocalMainHalf } from '../../src/store/local-main-half.ts';
import { openLocalWorkerHalf } from '../../src/store/local-worker-half.ts';
import { maxNamelessTemps } from '../../src/store/open-temps.ts';
import { tempFolder } from './temp-store.ts';

test('temps have names where too few of them could be open otherwise', () => {
  expect(maxNamelessTemps(6, 1_024)).toBe(0);
  expect(maxNamelessTemps(6, 11_999)).toBe(0);
  expect(maxNamelessTemps(6, 12_000)).toBe(1_000);
  expect(maxNamelessTemps(6, 20_000)).toBe(1_666);
  expect(maxNamelessTemps(6, 1_048_576)).toBe(4_000);
});

test('a group of temps without names is full when as many are open as may be', async () => {
  const libc = (await loadLibc())!;
  const barrier = 'auto';
  const options = { durability: 'group', barrier, verifyHits: false, dryRun: false } as const;
  const main = await LocalMainHalf.open(`${tempFolder()}/store`, { ...options, groups: 1 });
  const init = { ...main.workerInit, namelessTemps: true, maxOpenTemps: 2 };
  const group = openLocalWorkerHalf(init, 0, libc, fileOpsWith(libc.files)).openGroup((message) =>
    main.answer(message),
  );
  const fullAfter = (text: string) => {
    group.stage(digestOf(Buffer.from(text)), Buffer.from(text));
    return group.full;
  };
  expect(['a', 'b'].map(fullAfter)).toEqual([false, true]);
  await group.commit();
  expect(group.full).toBe(false);
  await main.finish();
});
