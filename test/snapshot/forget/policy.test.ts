/** Which snapshots the rules of a policy keep. Times are UTC. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyPolicy, type Policy } from '../../../src/snapshot/forget/policy.ts';
import { beforeSpan } from '../../../src/snapshot/forget/span.ts';
import type { Reference } from '../../../src/snapshot/reference.ts';

beforeAll(() => {
  process.env.TZ = 'UTC';
});

/** `2026-11-30 14:02`, and maybe what else is said of it. */
function made(at: string, more: Partial<Reference> = {}): Reference {
  const time = Date.parse(`${at.replace(' ', 'T')}:00Z`);
  const id = `${at.replace(/[-:]/g, '').replace(' ', 'T')}00Z-00000000`;
  const sources = [{ given: 's', real: '/s' }];
  return { id, time, label: 'a', host: 'h', sources, complete: true, ...more } as Reference;
}

/** The days and hours of those that stay. */
function kept(snapshots: readonly Reference[], policy: Policy): string[] {
  return applyPolicy(snapshots, policy)
    .filter(({ keeps }) => keeps)
    .map(({ snapshot }) => snapshot.id.slice(4, 13));
}

const why = (snapshots: readonly Reference[], policy: Policy) =>
  applyPolicy(snapshots, policy).map(({ why }) => why.join());

const ROW = [
  '2025-12-31 23:00',
  '2026-01-01 00:30',
  '2026-01-04 12:00',
  '2026-01-05 01:00',
  '2026-01-05 01:40',
  '2026-01-05 02:00',
].map((at) => made(at));

describe('a rule keeps the newest of each period', () => {
  it.each<[Policy, string[]]>([
    [{ keepLast: 2 }, ['0105T0140', '0105T0200']],
    [{ keepHourly: 2 }, ['0105T0140', '0105T0200']],
    [{ keepHourly: 3 }, ['0104T1200', '0105T0140', '0105T0200']],
    [{ keepDaily: 2 }, ['0104T1200', '0105T0200']],
    // The 4th was a Sunday, and the Monday before it lies in another year.
    [{ keepWeekly: 2 }, ['0104T1200', '0105T0200']],
    [{ keepWeekly: 9 }, ['0104T1200', '0105T0200']],
    [{ keepMonthly: 2 }, ['1231T2300', '0105T0200']],
    [{ keepYearly: 1 }, ['0105T0200']],
    [{ keepYearly: 2 }, ['1231T2300', '0105T0200']],
    [{ keepWithin: '1d' }, ['0104T1200', '0105T0140', '0105T0200', '0105T0100'].sort()],
    [{ keepWithin: '1h' }, ['0105T0100', '0105T0140', '0105T0200']],
    [{ keepDaily: 1, keepYearly: 2 }, ['1231T2300', '0105T0200']],
  ])('%j', (policy, expected) => {
    expect(kept(ROW, policy)).toEqual(expected);
  });
});

it('says which rules keep one, and which is the how many', () => {
  expect(why(ROW.slice(3), { keepLast: 2, keepDaily: 1, keepLabel: ['a', 'b'] })).toEqual([
    'label a',
    'last 2,label a',
    'newest complete one,last 1,daily 1,label a',
  ]);
  expect(why(ROW.slice(4), { keepYearly: 1 })).toEqual([
    'no rule keeps it',
    'newest complete one,yearly 1',
  ]);
});

it('keeps what has a label, and nothing else for its sake', () => {
  const row = [
    made('2026-01-01 00:00', { label: 'b' }),
    made('2026-01-02 00:00', { label: undefined }),
    made('2026-01-03 00:00'),
  ];
  expect(kept(row, { keepLabel: ['b'], groupBy: [] })).toEqual(['0101T0000', '0103T0000']);
});

describe('a snapshot that is not complete', () => {
  const row = [
    made('2026-01-01 00:00'),
    made('2026-01-02 00:00', { complete: false }),
    made('2026-01-03 00:00'),
    made('2026-01-04 00:00', { complete: false }),
  ];

  it('is not counted, and takes no place of one that is', () => {
    expect(kept(row.slice(0, 3), { keepLast: 2 })).toEqual(['0101T0000', '0103T0000']);
  });

  it('stays as long as no complete one is newer', () => {
    expect(kept(row, { keepLast: 1 })).toEqual(['0103T0000', '0104T0000']);
    expect(why(row, { keepLast: 1 })).toEqual([
      'no rule keeps it',
      'incomplete',
      'newest complete one,last 1',
      'none after it is complete',
    ]);
  });

  it('is kept by its age, and by its label', () => {
    expect(kept(row.slice(0, 3), { keepWithin: '1d' })).toEqual(['0102T0000', '0103T0000']);
    expect(kept(row.slice(0, 3), { keepLabel: ['a'] })).toHaveLength(3);
  });
});

describe('a group', () => {
  const other = { sources: [{ given: 't', real: '/t' }] };
  const row = [
    made('2026-01-01 00:00', other),
    made('2026-01-02 00:00', { host: 'other' }),
    made('2026-01-03 00:00', { label: undefined }),
    made('2026-01-04 00:00'),
    made('2026-01-05 00:00'),
  ];

  it.each<[Policy, string[]]>([
    [{}, ['01', '02', '03', '05']],
    [{ groupBy: ['host'] }, ['02', '05']],
    [{ groupBy: ['sources'] }, ['01', '05']],
    [{ groupBy: ['label', 'host'] }, ['02', '03', '05']],
    [{ groupBy: [] }, ['05']],
  ])('has in common what is asked for: %j', (groupBy, days) => {
    const stayed = kept(row, { keepLast: 1, ...groupBy });
    expect(stayed.map((at) => at.slice(2, 4))).toEqual(days);
  });

  it('is one of the same sources, in whatever order and however they were given', () => {
    const [a, b] = [
      { given: 'a', real: '/a' },
      { given: 'b', real: '/b' },
    ];
    const rows = [
      made('2026-01-01 00:00', { sources: [a, b] }),
      made('2026-01-02 00:00', { sources: [{ ...b, given: './b' }, a] }),
    ];
    expect(kept(rows, { keepLast: 1 })).toEqual(['0102T0000']);
  });
});

it('the newest complete one of each group always stays', () => {
  const snapshot = fc.record({
    minutes: fc.nat(5_000_000),
    label: fc.constantFrom('a', 'b', undefined),
    host: fc.constantFrom('h', 'i'),
    complete: fc.boolean(),
  });
  const policy = fc.record({
    keepLast: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    keepWeekly: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    keepWithin: fc.constantFrom('1h', '1y'),
  });
  const row = fc.uniqueArray(snapshot, { selector: ({ minutes }) => minutes, maxLength: 30 });
  fc.assert(
    fc.property(row, policy, (facts, rules) => {
      const snapshots = facts.map(({ minutes, ...more }) =>
        made(new Date(minutes * 60_000).toISOString().slice(0, 16).replace('T', ' '), more),
      );
      const verdicts = applyPolicy(snapshots, rules);
      expect(verdicts.map(({ snapshot }) => snapshot.id)).toEqual(
        snapshots.map(({ id }) => id).sort(),
      );
      for (const { label, host } of snapshots) {
        const group = verdicts.filter(
          ({ snapshot: each }) => each.label === label && each.host === host,
        );
        const last = group.findLast(({ snapshot }) => snapshot.complete);
        if (last !== undefined) expect(last.keeps).toBe(true);
      }
    }),
  );
});

describe('a span of time', () => {
  const from = (at: string, span: string) =>
    new Date(beforeSpan(Date.parse(`${at}T12:00Z`), span)).toISOString().slice(0, 13);

  it.each([
    ['2026-03-31', '1m', '2026-02-28T12'],
    ['2024-02-29', '1y', '2023-02-28T12'],
    ['2026-01-05', '1w1d', '2025-12-28T12'],
    ['2026-01-05', '36h', '2026-01-04T00'],
    ['2026-01-05', '1y2m3d4h', '2024-11-02T08'],
  ])('counts back from %s by %s', (at, span, expected) => {
    expect(from(at, span)).toBe(expected);
  });

  it.each(['', '3', 'd', '3d2y', '-3d', '1.5d', '3 d', '30D'])('is none: %j', (span) => {
    expect(() => beforeSpan(0, span)).toThrow('not a span of time');
  });
});
