import { describe, expect, it } from 'vitest';
import { describeDoctor } from '../../src/cli/doctor-report.ts';
import { advise } from '../../src/doctor/advise.ts';
import { intakeOf } from '../../src/doctor/intake.ts';
import type { Figures } from '../../src/doctor/report.ts';
import { spreadOf } from '../../src/doctor/spread.ts';
import { figuresWith, flushOf, ratesOf, USUAL } from './figures.ts';

/** 1 / 35,000 s to make a file, 4,096 / 4e9 s to hash it, 40 ms / 1,000 to flush it. */
const USUAL_SECONDS = 1 / 35_000 + 4096 / 4e9 + 40e-6;

describe('the intake', () => {
  it('is what hashing, creating and flushing small files takes together', () => {
    const intake = intakeOf(USUAL, 2, 'syncfs');
    expect(intake.filesPerSecond).toBeCloseTo(1 / USUAL_SECONDS, 6);
    expect(intake.bytesPerSecond).toBeCloseTo(4096 / USUAL_SECONDS, 3);
    expect(intake).toMatchObject({ threads: 2, hashedBytesPerSecond: 4e9, flushed: true });
  });

  it('follows the threads and the barrier that are advised', () => {
    const { filesPerSecond } = intakeOf(USUAL, 1, 'fsync');
    expect(filesPerSecond).toBeCloseTo(1 / (1 / 20_000 + 4096 / 2e9 + 64e-3 / 128), 6);
  });

  it('has no flush where none was measured, and says so', () => {
    const figures = figuresWith({ flushes: { syncfsGroup: undefined } });
    const { filesPerSecond, flushed } = intakeOf(figures, 2, 'syncfs');
    expect(filesPerSecond).toBeCloseTo(1 / (USUAL_SECONDS - 40e-6), 6);
    expect(flushed).toBe(false);
  });
});

describe('the first line of a report', () => {
  function firstLine(figures: Figures): string {
    const advice = advise(figures);
    const intake = intakeOf(figures, advice.threads.value, advice.barrier.value);
    const place = { store: '/s', probedIn: '/', swept: 0, wallMs: 1 };
    return describeDoctor({ ...figures, ...place, intake, advice }).split('\n')[0]!;
  }

  it('answers how fast this machine takes files in', () => {
    expect(firstLine(USUAL)).toBe(
      'This machine takes in up to 14,000 files/s of 4,096 bytes (59 MB/s) and 4,000 MB/s of large files, durable on this ext4 with 2 threads; reading the sources and writing large files was not measured and comes on top.',
    );
  });

  it('calls nothing durable that was not flushed, or lies in memory', () => {
    const flushes = { fsyncGroup: undefined, syncfsGroup: undefined };
    expect(firstLine(figuresWith({ flushes }))).toContain(
      'files, flushes not counted, on this ext4',
    );
    expect(firstLine(figuresWith({ fileSystem: { type: 'tmpfs' } }))).toContain(
      'files, in memory on this tmpfs',
    );
  });

  it('says that it is rough where the figures swing', () => {
    const hashedBytesPerSecond = spreadOf([272e6, 1e9, 1439e6]);
    const byThreads = [{ ...ratesOf(1, 20_000, 1), hashedBytesPerSecond }];
    const rough = figuresWith({
      rates: { ...USUAL.rates, byThreads },
      flushes: { syncfsGroup: flushOf(40, 1000) },
    });
    expect(firstLine(rough)).toMatch(/^This machine takes in roughly up to /);
  });
});
