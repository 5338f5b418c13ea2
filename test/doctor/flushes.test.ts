import { expect, it } from 'vitest';
import { Budget } from '../../src/doctor/budget.ts';
import type { FlushKind, FlushRequest } from '../../src/doctor/flush-messages.ts';
import { FlushProbe } from '../../src/doctor/flushes.ts';
import { manualClock } from './manual-clock.ts';

const TOTAL_MS = 10_000;

/** A disk whose flushes take a fixed time; what it was asked, and within which limits. */
function diskThatTakes(ms: Partial<Record<FlushKind, number>>, maxFiles = 1e6) {
  const clock = manualClock();
  const budget = new Budget(TOTAL_MS, clock.now);
  const asked: (FlushRequest & { readonly limitMs: number })[] = [];
  const flusher = {
    ask: async (request: FlushRequest, limitMs: number) => {
      asked.push({ ...request, limitMs });
      const takes = ms[request.kind] ?? 1;
      clock.pass(Math.min(takes, limitMs));
      return takes > limitMs ? ('unfinished' as const) : { ms: takes, files: request.files };
    },
  };
  const probe = new FlushProbe(flusher, maxFiles, budget, new AbortController().signal);
  return { probe, asked, budget, clock };
}

it('a usual disk is probed in every way, within the time', async () => {
  const { probe, asked, budget } = diskThatTakes({ fsyncFile: 5, fsyncGroup: 50, syncfsGroup: 90 });
  const fsyncs = await probe.fsyncs();
  expect(fsyncs.fsyncFile).toMatchObject({ ms: { median: 5, samples: 160 }, files: 1 });
  expect(fsyncs.fsyncDirectory).toMatchObject({ ms: { samples: 200 } });
  expect(fsyncs.fsyncGroup).toMatchObject({ ms: { median: 50, samples: 16 }, files: 128 });
  const syncfs = await probe.syncfs();
  expect(syncfs.syncfsFirst).toMatchObject({ ms: { samples: 1 } });
  expect(syncfs.syncfsGroup).toMatchObject({ ms: { median: 90, samples: 15 }, files: 1000 });
  expect(syncfs.unfinished).toBeUndefined();
  expect(asked.length).toBeLessThan(700);
  expect(budget.leftMs).toBeGreaterThan(TOTAL_MS / 2);
});

it('an fsync that does not end in a fifth of the time is the last flush that is asked for', async () => {
  const { probe, asked, budget } = diskThatTakes({ fsyncDirectory: 60_000 });
  const figures = await probe.fsyncs();
  expect(figures.unfinished).toEqual({ kind: 'fsyncDirectory', waitedMs: TOTAL_MS / 5 });
  expect(figures.fsyncFile).toBeDefined();
  expect(figures.fsyncGroup).toBeUndefined();
  expect(await probe.syncfs()).toEqual({ unfinished: figures.unfinished });
  expect(asked.at(-1)!.kind).toBe('fsyncDirectory');
  expect(budget.isSpent).toBe(false);
});

it('a syncfs may take all the time that is left, and no more', async () => {
  const { probe, asked, budget, clock } = diskThatTakes({ syncfsFile: 120_000 });
  clock.pass(4000);
  const { unfinished, syncfsFirst } = await probe.syncfs();
  expect(unfinished).toEqual({ kind: 'syncfsFile', waitedMs: TOTAL_MS - 4000 });
  expect(syncfsFirst).toBeUndefined();
  expect(asked).toHaveLength(1);
  expect(budget.leftMs).toBe(0);
});

it('a flush that is cut short by the end of the time is slow, not stuck', async () => {
  const { probe, asked, clock } = diskThatTakes({ syncfsFile: 1500 });
  clock.pass(TOTAL_MS - 100);
  expect(await probe.syncfs()).toMatchObject({ syncfsFirst: { ms: { median: 1500 } } });
  expect(asked).toMatchObject([{ limitMs: 2000 }]);
});

it('nothing is asked when no time is left', async () => {
  const { probe, asked, clock } = diskThatTakes({});
  clock.pass(TOTAL_MS);
  expect(await probe.syncfs()).toEqual({});
  expect(asked).toEqual([]);
});

it('no group is larger than there is room for, nor than a slow disk can flush in time', async () => {
  const small = diskThatTakes({}, 7);
  await small.probe.fsyncs();
  await small.probe.syncfs();
  expect(Math.max(...small.asked.map(({ files }) => files))).toBe(7);
  const slow = diskThatTakes({ fsyncFile: 500, fsyncGroup: 500 });
  expect((await slow.probe.fsyncs()).fsyncGroup).toMatchObject({ files: 4 });
});

it('what is left in the journal may take all the time that is left, and is no figure', async () => {
  const slow = diskThatTakes({ fsyncFile: TOTAL_MS / 2 });
  await slow.probe.settle();
  expect(slow.asked).toEqual([{ kind: 'fsyncFile', files: 1, limitMs: TOTAL_MS }]);
  const quick = diskThatTakes({ fsyncFile: 5 });
  await quick.probe.settle();
  expect((await quick.probe.fsyncs()).fsyncFile?.ms.samples).toBe(160);
});

it('a journal that is not written in time ends the probes of flushes', async () => {
  const { probe, asked } = diskThatTakes({ fsyncFile: 60_000 });
  await probe.settle();
  const unfinished = { kind: 'fsyncFile', waitedMs: TOTAL_MS };
  expect(await probe.fsyncs()).toEqual({ unfinished });
  expect(await probe.syncfs()).toEqual({ unfinished });
  expect(asked).toHaveLength(1);
});
