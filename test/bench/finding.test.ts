import { describe, expect, it } from 'vitest';
import { amongSettings, besideOthers, findingOf, takes } from '../../bench/finding.ts';
import { ON_REQUEST, QUESTIONS } from '../../bench/questions/index.ts';
import type { Row, Spread } from '../../bench/results.ts';
import { SAMPLE } from './sample-results.ts';

function spread(min: number, median: number, max: number, runs = 3): Spread {
  return { min, median, max, runs };
}

function row(label: string, ratio?: Spread, to = label): Row {
  return { label, parameters: {}, ...(ratio && { ratio: { ...ratio, to } }) };
}

describe('a ratio in words', () => {
  it.each<[Spread, string]>([
    [spread(0.4, 0.43, 0.5), '0.43 of the time of restic (2.3 times as fast)'],
    [spread(0.01, 0.012, 0.02), '0.01 of the time of restic (83 times as fast)'],
    [spread(1.06, 1.13, 1.2), '1.13 times as long as restic'],
    [spread(0.9, 0.98, 1.1), '0.98 of the time of restic (0.90 – 1.10, no clear difference)'],
    [spread(1, 1.2, 1.3), '1.20 of the time of restic (1.00 – 1.30, no clear difference)'],
    [
      spread(0.43, 0.43, 0.43, 1),
      '0.43 of the time of restic (2.3 times as fast, in a single run)',
    ],
    [spread(2, 2, 2, 1), '2.00 times as long as restic (in a single run)'],
  ])('says which way it goes: %j', (ratio, words) => {
    expect(takes(ratio, 'restic')).toBe(words);
  });
});

describe('the answer', () => {
  it('holds ingot against each that it was held against', () => {
    const rows = [row('ingot'), row('a', spread(1.1, 1.2, 1.3)), row('b', spread(0.4, 0.5, 0.6))];
    expect(besideOthers('ingot', rows)).toBe(
      'ingot takes 1.20 times as long as a and 0.50 of the time of b (2 times as fast).',
    );
  });

  it('is a time alone when there was nothing to hold it against', () => {
    const own = { ...row('ingot'), seconds: spread(1, 2, 3) };
    expect(besideOthers('ingot', [own])).toBe(
      'ingot takes 2.00 s; nothing could be run beside it.',
    );
  });

  it('holds a few settings against the first', () => {
    const rows = [row('none'), row('file', spread(2, 3, 4), 'none')];
    expect(amongSettings(rows)).toBe('Beside “none”: “file” takes 3.00 times as long.');
  });

  it('names the fastest and the slowest of many', () => {
    const ratios = [1.5, 0.5, 2, 1.2, 1.1];
    const others = ratios.map((ratio) => row(`${ratio}`, spread(ratio, ratio, ratio), 'base'));
    expect(amongSettings([row('base'), ...others])).toBe(
      'Beside “base” the fastest, “0.5”, takes 0.50 of its time (2 times as fast); the slowest, “2”, takes 2.00 times as long.',
    );
    expect(
      amongSettings([
        row('base'),
        ...others.filter(({ label }) => label !== '0.5'),
        row('9', spread(9, 9, 9), 'base'),
      ]),
    ).toBe('The fastest is “base”; the slowest, “9”, takes 9.00 times as long.');
  });

  it('of peers names the fastest and the slowest, for each of the two runs', () => {
    expect(SAMPLE.answers.find(({ question }) => question === 'peers')!.finding).toMatch(
      /^ingot takes, first ingest: 0\.42 of the time of restic \(2\.4 times as fast\), the fastest of 6 others, and 0\.13 of the time of git .*, the slowest; unchanged tree: .* 0\.08 of the time of ostree \(12 times as fast\), the slowest\.$/,
    );
  });

  it.each([...QUESTIONS, ...ON_REQUEST])(
    'is one sentence, or says why there is none: $name',
    (question) => {
      const rows = SAMPLE.answers.find(({ question: name }) => name === question.name)?.rows ?? [];
      for (const some of [rows, rows.slice(0, 1), []]) {
        const finding = findingOf(question, some);
        expect(finding).toMatch(/^[^\n]+\.$/);
        expect(finding).not.toMatch(/undefined|NaN|Infinity/);
      }
    },
  );
});
