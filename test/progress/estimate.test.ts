import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counts, type Estimate, Estimator } from '../../src/progress/estimate.ts';

const WEIGHT = 50_000;

/** A file, and what it takes; entries end and bytes are read in the order of the list. */
interface Work {
  readonly files: number;
  readonly size: number;
}

/** The estimates at even steps of a run at constant speed, with the share of time that has passed. */
function run(works: readonly Work[], seconds: number): [passed: number, estimate: Estimate][] {
  const costOf = ({ files, size }: Work) => files * (WEIGHT + size);
  const cost = works.reduce((sum, work) => sum + costOf(work), 0);
  const totals = {
    count: works.reduce((sum, { files }) => sum + files, 0),
    bytes: works.reduce((sum, { files, size }) => sum + files * size, 0),
    isFinal: true,
  };
  const estimator = new Estimator(WEIGHT);
  const steps = seconds * 10;
  return Array.from({ length: steps }, (_, step) => {
    let left = (cost * step) / steps;
    let [done, bytes] = [0, 0];
    for (const work of works) {
      const part = Math.min(1, left / costOf(work));
      done += work.files * part;
      bytes += work.files * work.size * part;
      left = Math.max(0, left - costOf(work));
    }
    const estimate = estimator.add({ done, bytes, totals, elapsedMs: step * 100 });
    return [step / steps, estimate];
  });
}

const SMALL = { files: 100_000, size: 100 };
const LARGE = { files: 8, size: 512 << 20 };

describe('the time left', () => {
  it.each([
    ['small files', [SMALL]],
    ['large files', [LARGE]],
    ['small files, and large ones last', [SMALL, LARGE]],
    ['large files first', [LARGE, SMALL]],
  ])('is right all along: %s', (_, works) => {
    const seconds = 60;
    for (const [passed, { secondsLeft }] of run(works, seconds).slice(10))
      expect(secondsLeft! / (seconds * (1 - passed))).toBeCloseTo(1, 1);
  });

  it('counts a late start for a start, not for slow work', () => {
    const estimator = new Estimator(WEIGHT);
    const at = (ms: number, done: number) =>
      estimator.add({ done, totals: { count: 1000, bytes: 0, isFinal: true }, elapsedMs: ms });
    for (let ms = 0; ms <= 5000; ms += 100) at(ms, 0);
    for (let done = 100; done <= 200; done += 10) at(5000 + done * 10, done);
    expect(at(7100, 210).secondsLeft).toBeCloseTo(7.9, 1);
  });

  it('sees work that was read and waits to be durable as half done', () => {
    const estimator = new Estimator(WEIGHT);
    const totals = { count: 1000, bytes: 0, isFinal: true };
    const at = (second: number) =>
      estimator.add({
        done: 0,
        read: second * 100,
        totals,
        elapsedMs: second * 1000,
      });
    for (let second = 1; second <= 4; second++) at(second);
    // 1,000 less half of 400, at 100 a second.
    expect(at(4.1).secondsLeft).toBeCloseTo(8, 0);
  });

  it('is unknown without totals, and while nothing was done', () => {
    const estimator = new Estimator(WEIGHT);
    const totals = { count: 10, bytes: 0, isFinal: true };
    for (let ms = 0; ms < 3000; ms += 100) {
      const counts = { done: ms / 1000, totals: undefined, elapsedMs: ms };
      expect(estimator.add(counts).secondsLeft).toBeUndefined();
      expect(new Estimator(WEIGHT).add({ ...counts, done: 0, totals }).secondsLeft).toBeUndefined();
    }
  });
});

describe('the share that is done', () => {
  const shareOf = (counts: Omit<Counts, 'elapsedMs'>) =>
    new Estimator(WEIGHT).add({ ...counts, elapsedMs: 0 }).fractionDone;

  it('is the smaller of the shares of entries and bytes', () => {
    const totals = { count: 100, bytes: 1000, isFinal: true };
    expect(shareOf({ done: 50, bytes: 600, totals })).toBe(0.5);
    expect(shareOf({ done: 50, bytes: 100, totals })).toBe(0.1);
    expect(shareOf({ done: 50, bytes: 100, totals: undefined })).toBeUndefined();
  });

  it('is 1 only when all entries are done and no more will be found', () => {
    const totals = { count: 1_000_000, bytes: 1000, isFinal: false };
    expect(shareOf({ done: 1_000_000, bytes: 1000, totals })).toBe(0.999);
    expect(shareOf({ done: 999_999, bytes: 1000, totals })).toBe(0.999);
    // Sizes were estimated too high.
    expect(shareOf({ done: 1_000_000, bytes: 900, totals: { ...totals, isFinal: true } })).toBe(1);
    expect(shareOf({ done: 0, totals: { count: 0, bytes: 0, isFinal: true } })).toBe(1);
  });

  it('never goes back, and all numbers are such, whatever a run does', () => {
    const step = fc.record({
      ms: fc.nat(8000),
      done: fc.nat(1e6),
      read: fc.nat(1e6),
      bytes: fc.nat(2 ** 31),
      count: fc.nat(1e7),
      totalBytes: fc.nat(2 ** 31),
      isKnown: fc.boolean(),
      isFinal: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const estimator = new Estimator(WEIGHT);
        let [done, bytes, elapsedMs, before] = [0, 0, 0, 0];
        for (const { ms, read, isKnown, isFinal, count, totalBytes, ...more } of steps) {
          done += more.done;
          bytes += more.bytes;
          elapsedMs += ms;
          const totals = isKnown ? { count, bytes: totalBytes, isFinal } : undefined;
          const counts = { done, read: done + read, bytes, totals, elapsedMs };
          const estimate = estimator.add(counts);
          const { fractionDone, total } = estimate;
          for (const value of Object.values(estimate))
            expect(value === undefined || (value >= 0 && Number.isFinite(value))).toBe(true);
          expect(fractionDone === undefined || fractionDone >= before).toBe(true);
          expect(fractionDone === undefined || fractionDone <= 1).toBe(true);
          expect(total === undefined || total >= done).toBe(true);
          before = fractionDone ?? before;
        }
      }),
    );
  });
});
