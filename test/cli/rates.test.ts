import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rates } from '../../src/cli/rates.ts';
import type { Progress } from '../../src/ingest/api.ts';

function progress(values: Partial<Progress>): Progress {
  return {
    entriesFound: 0,
    entriesDone: 0,
    bytesRead: 0,
    bytesWaiting: 0,
    walking: false,
    elapsedMs: 0,
    ...values,
  };
}

/** The state of a run of 1,000,000 entries at a constant speed. */
function steady(second: number): Progress {
  return progress({
    entriesFound: 1_000_000,
    entriesDone: second * 1000,
    bytesRead: second * 5e6,
    elapsedMs: second * 1000,
  });
}

describe('the estimate', () => {
  it('is silent until it has seen a second of the run', () => {
    const rates = new Rates();
    expect(rates.estimate()).toMatchObject({ secondsLeft: undefined, growing: true });
    rates.add(steady(0));
    rates.add(steady(0.9));
    expect(rates.estimate().secondsLeft).toBeUndefined();
    rates.add(steady(1.2));
    expect(rates.estimate().secondsLeft).toBeDefined();
  });

  it('is exact at a constant rate, at every moment', () => {
    const rates = new Rates();
    for (let second = 0; second <= 60; second += 0.25) rates.add(steady(second));
    const { entriesPerSecond, bytesPerSecond, secondsLeft } = rates.estimate();
    expect(entriesPerSecond).toBeCloseTo(1000, 6);
    expect(bytesPerSecond).toBeCloseTo(5e6, 3);
    expect(secondsLeft).toBeCloseTo(940, 6);
  });

  it('follows a change of speed within its window', () => {
    const rates = new Rates();
    for (let second = 0; second <= 100; second++) rates.add(steady(second));
    for (let second = 1; second <= 13; second++)
      rates.add({
        ...steady(100),
        entriesDone: 100_000 + second * 10,
        elapsedMs: (100 + second) * 1000,
      });
    expect(rates.estimate().entriesPerSecond).toBeCloseTo(10, 6);
  });

  it('lets the bytes of large files decide when no entry ends', () => {
    const rates = new Rates();
    for (let second = 0; second <= 5; second++)
      rates.add(
        progress({
          entriesFound: 10,
          entriesDone: 9,
          bytesRead: second * 1e8,
          bytesWaiting: 1e9 - second * 1e8,
          elapsedMs: second * 1000,
        }),
      );
    expect(rates.estimate().secondsLeft).toBeCloseTo(5, 6);
  });

  it('is that of the slower lane when entries end and large files are read', () => {
    const rates = new Rates();
    const lanes = { entriesFound: 1000, bytesWaiting: 1e9 };
    rates.add(progress(lanes));
    rates.add(progress({ ...lanes, entriesDone: 500, bytesRead: 1e8, elapsedMs: 5000 }));
    expect(rates.estimate().secondsLeft).toBeCloseTo(50, 6);
  });

  it('is unknown while something is left and nothing moves', () => {
    const rates = new Rates();
    for (let second = 0; second <= 5; second++)
      rates.add(progress({ entriesFound: 3, bytesWaiting: 9, elapsedMs: second * 1000 }));
    expect(rates.estimate().secondsLeft).toBeUndefined();
  });

  it('is told as growing while the walk goes on', () => {
    const rates = new Rates();
    rates.add(progress({ walking: true }));
    expect(rates.estimate().growing).toBe(true);
    rates.add(progress({ walking: false, elapsedMs: 5000 }));
    expect(rates.estimate()).toMatchObject({ growing: false, secondsLeft: 0 });
  });

  it('is never negative and never NaN, whatever a run does', () => {
    const step = fc.record({
      ms: fc.nat(8000),
      found: fc.nat(1e6),
      done: fc.nat(1e6),
      read: fc.nat(2 ** 31),
      waiting: fc.nat(2 ** 31),
      walking: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const rates = new Rates();
        let now = progress({ walking: true });
        for (const { ms, found, done, read, waiting, walking } of steps) {
          now = progress({
            entriesFound: now.entriesFound + found,
            entriesDone: Math.min(now.entriesDone + done, now.entriesFound + found),
            bytesRead: now.bytesRead + read,
            bytesWaiting: waiting,
            elapsedMs: now.elapsedMs + ms,
            walking,
          });
          rates.add(now);
          const { entriesPerSecond, bytesPerSecond, secondsLeft } = rates.estimate();
          for (const value of [entriesPerSecond, bytesPerSecond, secondsLeft])
            expect(value === undefined || (value >= 0 && Number.isFinite(value))).toBe(true);
        }
      }),
    );
  });

  it('recovers any constant rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 1e10 }),
        fc.integer({ min: 10, max: 900 }),
        fc.integer({ min: 5, max: 60 }),
        (entries, bytes, gapMs, count) => {
          const rates = new Rates();
          const total = entries * 3600;
          const at = (ms: number) =>
            progress({
              entriesFound: total,
              entriesDone: (entries * ms) / 1000,
              bytesRead: (bytes * ms) / 1000,
              bytesWaiting: bytes * (3600 - ms / 1000),
              elapsedMs: ms,
            });
          for (let n = 0; n <= count; n++) rates.add(at(n * gapMs));
          fc.pre(count * gapMs >= 1500);
          const { entriesPerSecond, bytesPerSecond, secondsLeft } = rates.estimate();
          expect(entriesPerSecond! / entries).toBeCloseTo(1, 6);
          expect(bytesPerSecond! / bytes).toBeCloseTo(1, 6);
          expect(secondsLeft! / (3600 - (count * gapMs) / 1000)).toBeCloseTo(1, 6);
        },
      ),
    );
  });
});
