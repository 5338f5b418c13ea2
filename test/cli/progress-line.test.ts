import { describe, expect, it } from 'vitest';
import { fittedLine, plainLine, type ShownProgress } from '../../src/cli/progress-line.ts';

const STATE: ShownProgress = {
  entriesFound: 90_000,
  entriesDone: 53_120,
  bytesRead: 1.2e9,
  walking: true,
  elapsedMs: 4000,
  total: 117_745,
  totalBytes: 2.43e9,
  fractionDone: 0.459,
  perSecond: 16_021,
  bytesPerSecond: 310e6,
  secondsLeft: 4,
};
const UNKNOWN = {
  total: undefined,
  totalBytes: undefined,
  fractionDone: undefined,
  perSecond: undefined,
  bytesPerSecond: undefined,
  secondsLeft: undefined,
};
/** The longest that a run of ten million entries and days may have. */
const HUGE: ShownProgress = {
  ...STATE,
  entriesDone: 11_234_567,
  total: 12_345_678,
  totalBytes: 123e12,
  bytesRead: 12.3e12,
  perSecond: 123_456,
  bytesPerSecond: 12_345e6,
  secondsLeft: 123_456,
};

describe('the line of a terminal', () => {
  it.each([
    [
      110,
      '45 % [=========           ] 53,120/117,745 entries  1.20/2.43 GB  16,021/s  310 MB/s  ETA 0:04',
    ],
    [80, '45 % [==   ] 53,120/117,745 entries  1.20/2.43 GB  16,021/s  310 MB/s  ETA 0:04'],
    [77, '45 %  53,120/117,745 entries  1.20/2.43 GB  16,021/s  310 MB/s  ETA 0:04'],
    [70, '45 %  53,120/117,745 entries  1.20/2.43 GB  16,021/s  ETA 0:04'],
    [60, '45 %  53,120/117,745 entries  1.20/2.43 GB  ETA 0:04'],
    [40, '45 %  53,120/117,745 entries  ETA 0:04'],
    [38, '45 %  53,120/117,745  ETA 0:04'],
    [24, '45 %  53,120  ETA 0:04'],
    [12, '45 %  53,12'],
  ])('loses first the bar, then rates and bytes: %i columns', (columns, line) => {
    expect(fittedLine(STATE, 'entries', columns)).toBe(line);
  });

  it('names what is counted, where that changes, and no whole where nobody knows it', () => {
    const { entriesFound: _, ...state } = { ...STATE, ...UNKNOWN };
    const removing = { ...state, walking: false, unit: 'objects removed', perSecond: 16_021 };
    expect(fittedLine(removing, 'objects', 80)).toBe('53,120 objects removed  1.20 GB  16,021/s');
  });

  it('is never longer than the terminal is wide, and shows share, counts and time left at 40', () => {
    for (const state of [STATE, HUGE, { ...STATE, ...UNKNOWN }])
      for (let columns = 1; columns <= 200; columns++)
        expect(fittedLine(state, 'entries', columns).length).toBeLessThan(columns);
    expect(fittedLine(HUGE, 'entries', 48)).toBe('45 %  11,234,567/12,345,678  ETA 34:17:36');
    expect(fittedLine(HUGE, 'entries', 40)).toBe('45 %  11,234,567  ETA 34:17:36');
  });

  it('has no share, bar or time left before the whole is known, and marks what still grows', () => {
    const state = { ...STATE, ...UNKNOWN };
    expect(fittedLine(state, 'entries', 100)).toBe('53,120/90,000+ entries  1.20 GB');
    expect(plainLine(state, 'entries')).toBe('53,120/90,000+ entries  1.20 GB');
  });
});

describe('a plain line', () => {
  it('has all numbers, whatever its length', () => {
    expect(plainLine(STATE, 'entries')).toBe(
      '45 %  53,120/117,745 entries  1.20/2.43 GB  16,021/s  310 MB/s  ETA 0:04',
    );
    expect(plainLine({ ...STATE, bytesRead: 12e6 }, 'entries')).toContain('  12.0 MB/2.43 GB  ');
  });

  it('never shows as done what is not', () => {
    expect(plainLine({ ...STATE, fractionDone: 0.999 }, 'entries')).toMatch(/^99 % /);
    expect(plainLine({ ...STATE, fractionDone: 1 }, 'entries')).toMatch(/^100 % /);
  });

  it('shows a rate of nothing, and no bytes where none are read', () => {
    const { bytesRead: _, ...state } = STATE;
    expect(
      plainLine(
        { ...state, totalBytes: undefined, perSecond: 0, bytesPerSecond: undefined },
        'objects',
      ),
    ).toBe('45 %  53,120/117,745 objects  0/s  ETA 0:04');
  });
});
