/** Nothing of the report is cut off, in a real browser: real rows, and worse ones. */
import { describe, expect, it } from 'vitest';
import type { Results, Row, Spread } from '../../bench/results.ts';
import { type Look, overlaps, see } from './browser.ts';
import { SAMPLE } from './sample-results.ts';

const LOOKS: readonly Look[] = [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 1000, scheme: 'light' },
  { width: 700, scheme: 'light' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
  { width: 320, scheme: 'light' },
];

const ENDLESS = '/srv/no-space-in-it'.repeat(20);
const HUGE: Spread = { min: 9e8, median: 1e9, max: 9.9e9, runs: 12_345 };

/** As the question `sweep` has them: the widest rows of all. */
const WIDEST: Row = {
  label: 'group, syncfs; 2 threads; 4000 a batch; sharded',
  parameters: {},
  seconds: { min: 0.111, median: 0.222, max: 0.333, runs: 5 },
  filesPerSecond: 123_456,
  bytesPerSecond: 1.234e9,
  ratio: { min: 1.01, median: 1.22, max: 1.33, runs: 5, to: 'first' },
  floor: { label: 'fsync of each file', distance: 12.34 },
  peakRssBytes: 123e6,
  bottleneck: 'barrier',
};

const WORST: Row = {
  label: ENDLESS,
  parameters: { peer: ENDLESS, run: 'first' },
  seconds: HUGE,
  filesPerSecond: 1e15,
  bytesPerSecond: 1e21,
  ratio: { ...HUGE, to: ENDLESS },
  floor: { label: ENDLESS, distance: 1e9 },
  peakRssBytes: 1e18,
  settings: ENDLESS,
  keeps: ENDLESS,
  figures: { [ENDLESS]: 1e15, ['w'.repeat(300)]: 1e300, least: 1e-300 },
};

const WORSE: Results = {
  ...SAMPLE,
  machine: { ...SAMPLE.machine, cpu: ENDLESS, disk: ENDLESS },
  corpus: { name: ENDLESS, files: 1e15, bytes: 1e18 },
  answers: [
    answerOf('one row', WORST),
    answerOf('peers', WORST, { label: ENDLESS, parameters: {}, absent: `failed: ${ENDLESS}` }),
    answerOf('nothing', { label: 'cp', parameters: {}, absent: ENDLESS }),
    answerOf('many columns', {
      label: 'only',
      parameters: {},
      figures: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`call${n}`, n * 1e9])),
    }),
  ],
};

function answerOf(question: string, ...rows: readonly Row[]) {
  return { question, asks: ENDLESS, finding: ENDLESS, method: ENDLESS, rows };
}

describe.each(LOOKS)('at $width px, $scheme, nothing is cut off', (look) => {
  it('of what a run leaves', async (context) => {
    const { cut, scrollWidth } = await see(context, SAMPLE, look);
    expect(cut).toEqual([]);
    expect(scrollWidth).toBe(look.width);
  });

  it('of endless names, huge numbers, a single row and failures', async (context) => {
    const { cut, scrollWidth, text, figures } = await see(context, WORSE, look);
    for (const { texts, title } of figures) expect(overlaps(texts), title).toEqual([]);
    expect(cut).toEqual([]);
    expect(scrollWidth).toBe(look.width);
    expect(text).toContain(`failed: ${ENDLESS}`);
  });
});

describe('a row', () => {
  it('has one line at 1,280 px, unless its label is longer than any that a question gives', async (context) => {
    const { tall, folded, tables } = await see(context, SAMPLE);
    expect(folded).toBe(0);
    const labels = tables.flatMap((rows) => rows.map(([label]) => label!));
    expect(tall.length).toBeGreaterThan(0);
    expect(tall.filter((label) => label.length <= WIDEST.label.length)).toEqual([]);
    expect(labels).toEqual(expect.arrayContaining([...tall]));
  });

  it('has one line at 1,280 px with all that a row can have', async (context) => {
    const rows = [{ ...WIDEST, label: 'first' }, WIDEST];
    const { tall, folded } = await see(context, {
      ...SAMPLE,
      answers: [answerOf('sweep', ...rows)],
    });
    expect([tall, folded]).toEqual([[], 0]);
  });

  it('is folded below its label at 390 px, and no column is left out', async (context) => {
    const wide = await see(context, SAMPLE);
    const narrow = await see(context, SAMPLE, { width: 390, scheme: 'light' });
    expect(narrow.folded).toBeGreaterThan(0);
    const filled = ({ tables }: typeof wide) => tables.map((rows) => rows.slice(1));
    expect(filled(narrow)).toEqual(filled(wide));
  });
});

it('of single runs there is no range: no parentheses, no lines across bars, no remark', async (context) => {
  const single: Results = JSON.parse(JSON.stringify(SAMPLE), (_key, value) =>
    value?.runs > 1 ? { ...value, min: value.median, max: value.median, runs: 1 } : value,
  );
  const { tables, figures, text } = await see(context, single);
  expect(tables.flat(2).filter((cell) => /\d \(|–|†/.test(cell))).toEqual([]);
  expect(figures.flatMap(({ whiskers }) => whiskers)).toEqual([]);
  expect(text).not.toMatch(/†|fastest – slowest|median run/);
  expect(text).toContain('a single run each');
});
