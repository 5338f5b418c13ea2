import { expect, test } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { fileOpsWith } from '../../../../src/files/file-ops.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { LocalMainHalf } from '../../../../src/store/local/main-half.ts';
import { openTemps } from '../../../../src/store/local/publish/open-temps.ts';
import { LocalWorkerHalf } from '../../../../src/store/local/worker-half.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

test('temps have names where too few of them could be open otherwise', () => {
  const named = { namelessTemps: false, maxOpenTemps: Number.POSITIVE_INFINITY };
  const nameless = (maxOpenTemps: number) => ({ namelessTemps: true, maxOpenTemps });
  expect(openTemps('group', 'syncfs', 6, 1_024)).toEqual(named);
  expect(openTemps('group', 'syncfs', 6, 11_999)).toEqual(named);
  expect(openTemps('group', 'syncfs', 6, 12_000)).toEqual(nameless(1_000));
  expect(openTemps('group', 'syncfs', 6, 20_000)).toEqual(nameless(1_666));
  expect(openTemps('group', 'syncfs', 6, 1_048_576)).toEqual(nameless(4_000));
});

test('temps have names, and are closed, where each is flushed by itself or none is', () => {
  const closed = { namelessTemps: false, maxOpenTemps: Number.POSITIVE_INFINITY };
  expect(openTemps('file', 'syncfs', 6, 1_048_576)).toEqual(closed);
  expect(openTemps('none', 'syncfs', 6, 1_048_576)).toEqual(closed);
});

test('temps that are fsynced stay open, some of them and at least one', () => {
  const open = (maxOpenTemps: number) => ({ namelessTemps: false, maxOpenTemps });
  expect(openTemps('group', 'fsync', 6, 1_048_576)).toEqual(open(512));
  expect(openTemps('group', 'fsync', 6, 1_024)).toEqual(open(42));
  expect(openTemps('group', 'fsync', 600, 64)).toEqual(open(1));
});

test('a group of temps without names is full when as many are open as may be', async () => {
  const libc = (await loadLibc())!;
  const barrier = 'auto';
  const options = { durability: 'group', barrier, verifyHits: false, dryRun: false } as const;
  const main = await LocalMainHalf.open(`${temporaryDirectory()}/store`, { ...options, groups: 1 });
  const init = { ...main.workerInit, namelessTemps: true, maxOpenTemps: 2 };
  const group = new LocalWorkerHalf(init, 0, libc, fileOpsWith(libc.files)).openGroup((message) =>
    main.answer(message),
  );
  const fullAfter = (text: string) => {
    group.stage(digestOf(Buffer.from(text)), Buffer.from(text));
    return group.full;
  };
  expect(['a', 'b'].map(fullAfter)).toEqual([false, true]);
  await group.commit();
  expect(group.full).toBe(false);
  await main.flush();
  await main.end('done');
});
