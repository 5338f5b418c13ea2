import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byteRate,
  bytes,
  clock,
  count,
  counted,
  duration,
  latency,
  percent,
  times,
} from '../src/units.ts';

describe('numbers for people', () => {
  it('groups counts by thousands', () => {
    expect([0, 999, 1000, 117_745, 1e9].map(count)).toEqual([
      '0',
      '999',
      '1,000',
      '117,745',
      '1,000,000,000',
    ]);
    expect([0, 1, 2].map((n) => counted(n, 'entry', 'entries'))).toEqual([
      '0 entries',
      '1 entry',
      '2 entries',
    ]);
  });

  it('gives short waits and ratios with three digits or fewer', () => {
    expect(
      [0, 0.00641, 0.0999, 0.1, 1.9, 9.994, 38.21, 99.96, 412.4, 999.4, 3200].map(latency),
    ).toEqual([
      '0.00 ms',
      '6.41 µs',
      '99.9 µs',
      '0.10 ms',
      '1.90 ms',
      '9.99 ms',
      '38.2 ms',
      '100 ms',
      '412 ms',
      '999 ms',
      '3.20 s',
    ]);
    expect([1.64, 9.94, 9.96, 48.4, 1234].map(times)).toEqual([
      '1.6 times',
      '9.9 times',
      '10 times',
      '48 times',
      '1,234 times',
    ]);
  });

  it('gives bytes in decimal units with three digits', () => {
    expect(
      [0, 999, 1000, 9_994, 9_996, 99_940, 99_960, 999_499, 999_600, 2.43e9, 5e18].map(bytes),
    ).toEqual([
      '0 B',
      '999 B',
      '1.00 kB',
      '9.99 kB',
      '10.0 kB',
      '99.9 kB',
      '100 kB',
      '999 kB',
      '1.00 MB',
      '2.43 GB',
      '5,000 PB',
    ]);
  });

  it('never shows a thousand of a unit that has a larger one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9e17, noNaN: true }), (value) => {
        expect(bytes(Math.floor(value))).toMatch(/^(\d{1,3}|\d\d\.\d|\d\.\d\d) (B|[kMGTP]B)$/);
      }),
    );
  });

  it('gives rates in MB/s whatever their size', () => {
    expect([0, 1234, 5.55e7, 2.5e9].map(byteRate)).toEqual([
      '0.0 MB/s',
      '0.0 MB/s',
      '55.5 MB/s',
      '2,500 MB/s',
    ]);
  });

  it('gives durations to the precision that matters', () => {
    expect(
      [420, 9_994, 9_996, 59_940, 59_960, 185_000, 3_599_400, 7_380_000].map(duration),
    ).toEqual([
      '0.42 s',
      '9.99 s',
      '10.0 s',
      '59.9 s',
      '1 min 00 s',
      '3 min 05 s',
      '59 min 59 s',
      '2 h 03 min',
    ]);
  });

  it('gives a time left as a clock, rounded up', () => {
    expect([0, 6.2, 59.5, 750, 11_100].map(clock)).toEqual([
      '0:00',
      '0:07',
      '1:00',
      '12:30',
      '3:05:00',
    ]);
  });

  it('gives shares in percent', () => {
    expect([0, 0.374, 1].map(percent)).toEqual(['0 %', '37 %', '100 %']);
  });
});
