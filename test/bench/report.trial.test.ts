import { describe, expect, it } from 'vitest';
import type { Results, Row } from '../../bench/results.ts';
import { type Box, type FigureFacts, type Look, overlaps, see } from './browser.ts';
import { HOSTILE_TITLE, SAMPLE, sampleOf } from './sample-results.ts';

const LOOKS: readonly Look[] = [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
];

/** The charts of the whole sample in their order, and how many marks each must have. */
const STAGES_TITLE = 'What do the workers spend their time on?';
const CHARTS: readonly (readonly [title: string, marks: number])[] = [
  ['How many files does ingot take in a second?', 4],
  [STAGES_TITLE, 22],
  ['How many files a second do more threads take in?', 5],
  [STAGES_TITLE, 30],
  ['How long does each take on the same tree?', 11],
  ['How many times as long as the floor that binds it does each ingest take?', 2],
  ['How long does a first ingest take?', 7],
  ['How long does it take to find all unchanged?', 7],
  ['How long does ingot take, if the other takes 1?', 5],
  [STAGES_TITLE, 10],
  ['How long does ingot take, if the other takes 1?', 1],
  ['How does the cost of a file change with their number?', 8],
  ['How does the memory that is needed change with their number?', 8],
  ['How much memory does ingot take at its peak?', 2],
  ['How many files does ingot take in a second?', 3],
];

describe.each(LOOKS)('the report at $width px, $scheme', (look) => {
  it('draws every chart with a mark for every value', async (context) => {
    const { figures } = await see(context, SAMPLE, look);
    expect(figures.map(({ title, marks }) => [title, marks.length])).toEqual(CHARTS);
    for (const { svgs, name, title } of figures) expect([svgs, name]).toEqual([1, title]);
  });

  it('shows all marks and texts whole, and no text over another', async (context) => {
    const { figures, viewportWidth } = await see(context, SAMPLE, look);
    const page = { left: 0, right: viewportWidth };
    for (const { title, box, marks, texts } of figures) {
      for (const inner of [box, ...marks, ...texts]) {
        expect(inner.right, title).toBeGreaterThan(inner.left);
        expect(inner.bottom, title).toBeGreaterThan(inner.top);
      }
      for (const inner of [...marks, ...texts]) expect(inner, title).toSatisfy(isWithin(box));
      expect(box, title).toSatisfy(isWithin({ ...box, ...page }));
      expect(overlaps(texts), title).toEqual([]);
    }
  });

  it('does not scroll sideways, and can be read', async (context) => {
    const { scrollWidth, viewportWidth, faint, figures, background } = await see(
      context,
      SAMPLE,
      look,
    );
    expect(viewportWidth).toBe(look.width);
    expect(scrollWidth).toBe(viewportWidth);
    expect(faint).toEqual([]);
    const contrasts = figures.flatMap(({ marks }) => marks.map(({ contrast }) => contrast));
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(3);
    expect(background).toBe(look.scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(22, 25, 31)');
  });

  it('asks for nothing but itself, and the console stays empty', async (context) => {
    const { requests, address, troubles } = await see(context, SAMPLE, look);
    expect(requests).toEqual([address]);
    expect(troubles).toEqual([]);
  });
});

describe('the report', () => {
  it('names nothing outside, and holds no script', async (context) => {
    const { source } = await see(context, SAMPLE);
    const tags = source.match(/<[^>]*>/g)!;
    expect(tags.filter((tag) => /https?:|\bsrc=|\bhref="(?!#)/i.test(tag))).toEqual([]);
    expect(source).not.toMatch(/<script|@import|url\(/i);
  });

  it('shows markup in names as the text that it is', async (context) => {
    const { title, active, text, figures } = await see(context, SAMPLE);
    expect(title).toBe('ingot benchmarks');
    expect(active).toBe(0);
    // The marks that turn the writing direction and control characters are written out.
    expect(text).toContain(
      '/srv/</script><img src=x onerror=alert(1)>/"\'&\\u202etree\\x07: 117,745 files',
    );
    expect(text).toContain(`${HOSTILE_TITLE}: /srv/`);
    const drawn = figures.flatMap(({ texts }) => texts.map((label) => label.text)).join(' ');
    expect(drawn).toContain('</title></svg><script>document.title =');
  });

  it('heads with what was measured, where and when', async (context) => {
    const { text } = await see(context, SAMPLE);
    for (const fact of [
      'AMD EPYC 9R14 96-Core Processor, 2 processors, 16.4 GB of memory',
      'ext4 on a loop file in memory',
      '117,745 files, 2.44 GB, 83,259 distinct contents, 1.61 GB',
      'warm: the tree was read before',
      'ingot 0.1.0, Node 20.20.2, Linux 6.18.5-cloud-amd64',
      '2026-11-25 01:26 UTC',
    ])
      expect(text).toContain(fact);
  });

  it('leaves out what was not asked, without a hole', async (context) => {
    const { figures, text, tables } = await see(context, sampleOf('threads'));
    expect(figures.map(({ title }) => title)).toEqual([CHARTS[2]![0], STAGES_TITLE]);
    expect(tables).toHaveLength(2);
    expect(text).not.toMatch(/undefined|NaN|Without figures|Versions and settings/);
    expect((await see(context, sampleOf())).figures).toEqual([]);
  });

  it('gives a question without a chart of its own its numbers', async (context) => {
    const { figures, tables } = await see(context, sampleOf('micro'));
    expect(figures).toEqual([]);
    expect(tables).toEqual([
      [
        ['', 'nanoseconds median', 'MB/s'],
        ['sha256 of 4 KiB', '11,200', '366'],
        ['claim', '142', ''],
      ],
    ]);
  });

  it('turns a table of few rows with many numbers, so that it fits', async (context) => {
    const [[head, first]] = (await see(context, sampleOf('syscalls'))).tables as [string[][]];
    expect(head!.slice(0, 3)).toEqual(['', 'ingot, new', 'ingot, duplicate']);
    expect(first!.slice(0, 3)).toEqual(['calls a file', '9.02', '6.02']);
  });

  it('answers each question in a sentence, above its charts', async (context) => {
    const { findings } = await see(context, SAMPLE);
    expect(findings).toHaveLength(SAMPLE.answers.length);
    expect(findings).toContain(
      'cold: ingot takes 1.05 of the time of limit.c none (0.97 – 1.13, no clear difference) and 0.58 of the time of limit.c syncfs (1.7 times as fast).',
    );
  });

  it('says which way a ratio goes', async (context) => {
    const { tables } = await see(context, sampleOf('threads', 'peers', 'cold'));
    const heads = tables.map(([head]) => head!.find((cell) => /÷ (its|the first)/.test(cell)));
    expect(heads.filter((head) => head !== undefined)).toEqual([
      ...['its time ÷ the first row’s', 'ingot’s time ÷ its', 'ingot’s time ÷ its'],
    ]);
  });

  it('says what each tool keeps besides contents', async (context) => {
    const { text } = await see(context, sampleOf('peers'));
    expect(text.match(/^restic: restic’s names$/gm)).toHaveLength(1);
  });

  it('tells in words what could not be measured, and with what the rest was', async (context) => {
    const { text, tables } = await see(context, sampleOf('peers'));
    expect(text).toContain('casync: not installed');
    expect(text).toContain('bup: failed with exit code 1: bup: error: no <repo> & no hope');
    expect(text.match(/^.*--no-scan.*$/gm)).toEqual([
      'restic: restic 0.14.0, --compression off, --no-scan',
    ]);
    expect(tables.flat(2)).not.toContain('casync');
  });

  it('gives the numbers of the charts with their range, and marks noisy ones', async (context) => {
    const { tables } = await see(context, sampleOf('durability', 'cold', 'put', 'scale'));
    expect(tables[0]![2]).toEqual([
      ...['group, one syncfs for many objects', '4.10 s (3.94 – 4.26)', '28,718', '595 MB/s'],
      ...['1.05 (1.01 – 1.09)', '1.31 of write + rename without flush', '131 MB', 'write'],
    ]);
    expect(tables[0]![3]).toContain('11.4 s (9.40 – 13.4) †');
    expect(tables[1]![4]!.slice(-2)).toEqual(['84 %', '2 %']);
    expect(tables[2]![3]).toEqual([
      ...['cold: limit.c syncfs', '7.10 s (6.82 – 7.38)', '16,584', '344 MB/s'],
      ...['0.58 (0.48 – 0.68) †', '', ''],
    ]);
    expect(tables[5]!.slice(0, 2)).toEqual([
      [
        '',
        'time',
        'time a file',
        'files/s',
        'peak memory',
        'runs',
        'bends at files',
        'times the least',
      ],
      [
        '10,000 files, flat',
        '300 ms (282 – 318)',
        '30 µs (28.2 – 31.8)',
        '33,333',
        '110 MB',
        '3',
        '',
        '',
      ],
    ]);
    expect(tables[5]![4]!.slice(1, 3)).toEqual(['10 min 30 s', '63 µs']);
  });

  it('draws bars from zero, as long as their values, with a line over their range', async (context) => {
    const { figures } = await see(context, rows(bar('a', 1), bar('b', 4, 2)));
    const [{ marks, texts, whiskers }] = figures as [FigureFacts];
    const [a, b] = marks.map(({ left, right }) => right - left) as [number, number];
    expect(b / a).toBeCloseTo(4, 1);
    expect(marks[0]!.left).toBeCloseTo(zeroOf(texts), 0);
    const range = whiskers.find(({ left, right }) => right - left > 1)!;
    expect((range.right - range.left) / a).toBeCloseTo(2, 1);
    expect(range.right - marks[1]!.left).toBeCloseTo(5 * a, 0);
  });

  it('shows other tools in another colour, the fastest first', async (context) => {
    const { figures } = await see(context, sampleOf('peers'));
    const names = figures[0]!.texts.map(({ text }) => text).filter((text) => /^[a-z]+$/.test(text));
    expect(names).toEqual(['seconds', 'ingot', 'restic', 'borg', 'ostree']);
    const colors = new Set(figures[0]!.marks.map(({ contrast }) => contrast));
    expect(colors.size).toBe(2);
  });

  it('draws what has but one row, one run, or zeros only', async (context) => {
    for (const row of [bar('only', 4.2), bar('nothing', 0)]) {
      const { figures, text } = await see(context, rows(row));
      const [{ marks, texts }] = figures as [FigureFacts];
      expect(marks).toHaveLength(1);
      expect(marks[0]!.left).toBeCloseTo(zeroOf(texts), 0);
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
    }
    const threads = { ...bar('1 thread', 2), filesPerSecond: 5, parameters: { threads: 1 } };
    const { figures, troubles } = await see(context, rows(threads, 'threads'));
    expect(figures[0]!.marks).toHaveLength(1);
    expect(troubles).toEqual([]);
    expect((await see(context, rows(bar('no rate', 1), 'threads'))).figures).toEqual([]);
  });

  it('names every number of files on the axis, on a phone too', async (context) => {
    const { figures } = await see(context, sampleOf('scale'), LOOKS[2]);
    const texts = figures[0]!.texts.map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['10 k', '100 k', '1 M', '10 M']));
  });

  it('leaves out numbers of an axis that would run into each other', async (context) => {
    const threads = [1, 62, 63, 64].map((count) => ({
      ...{ ...bar(`${count} threads`, 2), filesPerSecond: 5 * count },
      parameters: { threads: count },
    }));
    for (const look of LOOKS) {
      const { figures } = await see(context, rows(...threads, 'threads'), look);
      expect(figures[0]!.marks).toHaveLength(4);
      expect(overlaps(figures[0]!.texts)).toEqual([]);
    }
  });
});

/** Results with one answer. The last argument may be the question's name. */
function rows(...given: readonly (Row | string)[]): Results {
  const question = given.find((item) => typeof item === 'string') ?? 'other';
  const found = given.filter((item) => typeof item !== 'string');
  return {
    ...SAMPLE,
    answers: [{ question, asks: 'What?', finding: 'That.', method: 'So.', rows: found }],
  };
}

function bar(label: string, median: number, range = 0): Row {
  const seconds = { min: median - range / 2, median, max: median + range / 2, runs: 3 };
  return { label, parameters: {}, seconds };
}

/** Where an axis has its 0. */
function zeroOf(texts: FigureFacts['texts']): number {
  const { left, right } = texts.find(({ text }) => text === '0')!;
  return (left + right) / 2;
}

/** Half a pixel of rounding is no overflow. */
function isWithin(outer: Box): (inner: Box) => boolean {
  return (inner) =>
    inner.left >= outer.left - 0.5 &&
    inner.right <= outer.right + 0.5 &&
    inner.top >= outer.top - 0.5 &&
    inner.bottom <= outer.bottom + 0.5;
}
