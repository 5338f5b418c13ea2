import { expect, it } from 'vitest';
import { tableOf } from '../../bench/table.ts';

const head = { question: 'q', asks: 'How?', finding: 'Thus.', method: 'so' };

it('a table has the columns that some row fills, and a line for what is absent', () => {
  const table = tableOf({
    ...head,
    rows: [
      {
        label: 'one',
        parameters: {},
        seconds: { min: 1, median: 1.5, max: 2, runs: 3 },
        filesPerSecond: 1234.4,
        floor: { label: 'read + hash', distance: 1.25 },
      },
      {
        label: 'another',
        parameters: {},
        seconds: { min: 0.0123, median: 0.0123, max: 0.0123, runs: 1 },
        ratio: { min: 0.5, median: 0.75, max: 1, runs: 3, to: 'one' },
      },
      { label: 'third', parameters: {}, absent: 'it is not installed' },
    ],
  });
  expect(table.split('\n')).toEqual([
    'q: How?',
    '  Thus.',
    '  (so)',
    '           time (range)            files/s  its time ÷ the first row’s (range)  above the floor',
    '  one      1.50 s (1.00 s-2.00 s)  1,234                                        1.25 x read + hash',
    '  another  12.3 ms                          0.75 (0.50-1.00)',
    '  third    - it is not installed',
    '',
    '  one      1.50 s   ██████████████████████████████',
    '  another  12.3 ms  ▎',
    '',
    '',
  ]);
});

it('a table shows figures by their names', () => {
  const rows = [{ label: 'a', parameters: {}, figures: { fsyncMs: 0.123456, files: 12345 } }];
  expect(tableOf({ ...head, rows })).toMatch(/^ {2}a {2}fsyncMs 0\.123, files 12,345$/m);
});

it('a column without a range does not speak of one', () => {
  const once = { min: 1, median: 1, max: 1, runs: 1 };
  const rows = [{ label: 'a', parameters: {}, seconds: once, ratio: { ...once, to: 'b' } }];
  expect(tableOf({ ...head, rows })).not.toContain('range');
});
