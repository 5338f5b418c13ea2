import { describe, expect, it } from 'vitest';
import { Rates } from '../../src/progress/rates.ts';

const at = (second: number, done: number, bytes?: number) => ({
  done,
  ...(bytes !== undefined && { bytes }),
  elapsedMs: second * 1000,
});

describe('the rates', () => {
  it('are unknown until a second of the run was seen', () => {
    const rates = new Rates();
    expect(rates.speed).toEqual({ perSecond: undefined, bytesPerSecond: undefined });
    rates.add(at(0, 0, 0));
    rates.add(at(0.9, 900, 0));
    expect(rates.speed.perSecond).toBeUndefined();
    rates.add(at(1.2, 1200, 0));
    expect(rates.speed.perSecond).toBeCloseTo(1000, 6);
  });

  it('are exact at a constant speed, at every moment', () => {
    const rates = new Rates();
    for (let second = 0; second <= 60; second += 0.25)
      rates.add(at(second, second * 1000, second * 5e6));
    expect(rates.speed.perSecond).toBeCloseTo(1000, 6);
    expect(rates.speed.bytesPerSecond).toBeCloseTo(5e6, 3);
  });

  it('follow a change of speed within their window', () => {
    const rates = new Rates();
    for (let second = 0; second <= 100; second++) rates.add(at(second, second * 1000));
    for (let second = 1; second <= 13; second++) rates.add(at(100 + second, 100_000 + second * 10));
    expect(rates.speed.perSecond).toBeCloseTo(10, 6);
    expect(rates.speed.bytesPerSecond).toBeUndefined();
  });
});
