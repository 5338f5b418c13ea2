import { describe, expect, it } from 'vitest';
import { describeDoctor } from '../../src/cli/doctor-report.ts';
import { advise } from '../../src/doctor/advise.ts';
import { Budget } from '../../src/doctor/budget.ts';
import { intakeOf } from '../../src/doctor/intake.ts';
import type { ReadRequest, ReadSample } from '../../src/doctor/read-messages.ts';
import { notRead, type ReadFigures, ReadProbe } from '../../src/doctor/reads.ts';
import { figuresWith, readsOf } from './figures.ts';
import { manualClock } from './manual-clock.ts';

const TOTAL_MS = 2400;

interface Disk {
  /** Of a file, with so many requests at a time. */
  readonly fileMs: (depth: number) => number;
  readonly cachedMs?: number;
  readonly makeMs?: number;
  readonly refused?: string;
  readonly maxFiles?: number;
}

/** A probe of a disk that takes fixed times, and what the disk was asked. */
function probeOf({ fileMs, cachedMs = 0.02, makeMs = 300, refused, maxFiles = 1e5 }: Disk) {
  const clock = manualClock();
  const budget = new Budget(TOTAL_MS, clock.now);
  const asked: ReadRequest[] = [];
  const ask = async (request: ReadRequest, limitMs: number): Promise<ReadSample | 'unfinished'> => {
    asked.push(request);
    const { kind, files, depth, forMs } = request;
    const each = kind === 'again' ? cachedMs : fileMs(depth);
    const read = Math.max(depth, Math.min(files, Math.ceil(forMs / each)));
    const ms = kind === 'make' ? makeMs : read * each;
    clock.pass(Math.min(ms, limitMs));
    if (ms > limitMs) return 'unfinished';
    return kind === 'make' ? { files, ms, fileMs: 1, refused } : { files: read, ms, fileMs: each };
  };
  const probe = new ReadProbe({ ask }, maxFiles, budget, new AbortController().signal);
  return { probe, asked, budget, clock };
}

describe('reading by depth', () => {
  it('is measured in rounds of all depths, within the time', async () => {
    const { probe, asked, budget } = probeOf({ fileMs: (depth) => 0.2 / Math.min(depth, 8) });
    const { byDepth, obstacle } = await probe.run();
    expect(obstacle).toBeUndefined();
    expect(byDepth.map(({ depth }) => depth)).toEqual([1, 2, 4, 8, 16, 32, 64]);
    const rates = byDepth.map(({ filesPerSecond }) => Math.round(filesPerSecond.median));
    expect(rates).toEqual([5000, 10_000, 20_000, 40_000, 40_000, 40_000, 40_000]);
    expect(byDepth.map(({ filesPerSecond }) => filesPerSecond.samples)).toEqual(Array(7).fill(3));
    expect(asked[0]).toMatchObject({ kind: 'make', files: 2048 });
    expect(budget.isSpent).toBe(false);
  });

  it('of a slow disk ends with the time, the deepest measured first', async () => {
    const { probe, asked } = probeOf({ fileMs: () => 12, maxFiles: 200 });
    const { byDepth } = await probe.run();
    expect(byDepth.map(({ depth }) => depth)).toEqual([1, 8, 64]);
    expect(asked.every(({ files }) => files <= 200)).toBe(true);
  });

  it.each<[string, Disk, RegExp]>([
    [
      'a disk that is memory',
      { fileMs: () => 0.025, cachedMs: 0.02 },
      /^files that were dropped .* as fast as others \(25.0 µs and 20.0 µs each\): .* memory/,
    ],
    [
      'a refused call',
      { fileMs: () => 1, refused: 'EPERM' },
      /posix_fadvise is refused \(EPERM\)$/,
    ],
    ['too little room', { fileMs: () => 1, maxFiles: 63 }, /^there is room for 63 files only$/],
    ['too slow a disk', { fileMs: () => 2000 }, /^the time that there was is too short$/],
    [
      'files that cannot be made in time',
      { fileMs: () => 1, makeMs: 9000 },
      /^making files to read did not end in 2.40 s: the disk is very busy/,
    ],
    [
      'a read that does not end',
      { fileMs: () => 9000 },
      /^reading them did not end in 2.10 s: the disk is very busy/,
    ],
  ])('is not measured for %s, and says so', async (_, disk, obstacle) => {
    const { probe, asked } = probeOf(disk);
    expect(await probe.run()).toMatchObject({
      byDepth: [],
      obstacle: expect.stringMatching(obstacle),
    });
    // Nothing is asked of a process that has not answered.
    expect(asked.length).toBeLessThan(7);
  });

  it('is not even begun without time', async () => {
    const { probe, asked, clock } = probeOf({ fileMs: () => 1 });
    clock.pass(TOTAL_MS);
    expect((await probe.run()).obstacle).toMatch(/too short/);
    expect(asked).toEqual([]);
  });

  it('is measured where each opening is a round trip, and no cache is one', async () => {
    const { probe } = probeOf({ fileMs: () => 0.4, cachedMs: 0.4 });
    expect((await probe.run()).byDepth).toHaveLength(7);
  });
});

describe('the advice on reading ahead', () => {
  const adviceOn = (reads: ReadFigures, type = 'ext4') =>
    advise(figuresWith({ reads, fileSystem: { type } })).readAhead;

  it('is what the disk gains from it, up to where more gains nothing', () => {
    expect(adviceOn(readsOf([1, 5000], [8, 29_000], [16, 30_500], [64, 31_000]))).toEqual({
      value: 'auto',
      why: 'an ingest reads ahead by itself: this ext4 reads files that no cache holds up to 5.8 times as fast, with 8 requests at a time; more gain nothing',
    });
  });

  it('does not say that more gain nothing where none were tried', () => {
    const why = adviceOn(readsOf([1, 5000], [32, 20_000], [64, 31_000]))!.why;
    expect(why).toMatch(/6.2 times as fast, with 64 requests at a time$/);
  });

  it('is that it gains nothing where it does not', () => {
    const why = adviceOn(readsOf([1, 3000], [8, 3200], [64, 2000]), 'fuse')!.why;
    expect(why).toMatch(/^many requests at a time gain nothing on this fuse: an ingest .* notices/);
  });

  it('is none where it was not measured', () => {
    expect(adviceOn(notRead('why'))).toBeUndefined();
  });
});

describe('a report of reading', () => {
  function linesOf(reads: ReadFigures): string[] {
    const figures = figuresWith({ reads });
    const advice = advise(figures);
    const intake = intakeOf(figures, advice.threads.value, advice.barrier.value);
    const place = { store: '/s', probedIn: '/', swept: 0, wallMs: 1 };
    return describeDoctor({ ...figures, ...place, intake, advice }).split('\n');
  }

  it('has a row for each depth', () => {
    const lines = linesOf(readsOf([1, 5000], [64, 31_000]));
    const at = lines.findIndex((line) => line.startsWith('read files of 32 KiB, uncached '));
    expect(lines[at + 1]).toMatch(/^1 request at a time +5,000 files\/s +5,000 to 5,000$/);
    expect(lines[at + 2]).toMatch(/^64 requests at a time +31,000 files\/s /);
    expect(lines.some((line) => line.startsWith('  --read-ahead auto  '))).toBe(true);
  });

  it('says in one line why there are none', () => {
    const lines = linesOf(notRead('it is memory'));
    expect(lines).toContain('reading     not measured: it is memory');
    expect(lines.join('\n')).not.toMatch(/at a time|--read-ahead/);
  });
});
