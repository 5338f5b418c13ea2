import fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
// The built ones: they start the built ingot.
import { SNAPSHOT } from '../../dist/bench/questions/snapshot.js';
import type { Row } from '../../dist/bench/results.js';
import { addedRows } from '../../dist/bench/snapshot/added.js';
import { demandProgram } from '../harness/mounts.ts';
import { ingot } from '../harness/run.ts';
import { buildBeforehand, contextFor, rowsOf } from './context.ts';

beforeAll(() => buildBeforehand('limit.c'));

const MANY = ['100 files in directories of 1,000', '100 files in one directory'] as const;

/** What a row with this label has. */
function rowAt(label: string, rows: readonly Row[]): Row {
  const row = rows.find((each) => each.label === label);
  if (row === undefined) throw new Error(`no row '${label}' in ${rows.map((each) => each.label)}`);
  return row;
}

describe('the cost of a snapshot', () => {
  it('is held against an ingest without one, and against the start of Node', async (context) => {
    demandProgram(context, 'cc');
    demandProgram(context, '/usr/bin/time');
    const rows = await rowsOf(SNAPSHOT, contextFor({ a: 'a', 'd/b': 'b' }));
    const beside = (ours: string, theirs: string) => {
      const [mine, other] = [rowAt(ours, rows).seconds!, rowAt(theirs, rows)];
      expect(other.ratio!.min).toBeGreaterThanOrEqual(mine.min / other.seconds!.max);
      expect(other.ratio!.max).toBeLessThanOrEqual(mine.max / other.seconds!.min);
    };
    beside('ingot ingest', 'ingot ingest --no-snapshot');
    beside('ingot ingest', 'limit.c tmpfile');
    beside(
      `ingot ls of a directory, ${MANY[0]}`,
      `node -e 0, beside ls of a directory, ${MANY[0]}`,
    );
    for (const tree of MANY)
      for (const name of ['cat of a file', 'diff with 10 files changed'])
        beside(`ingot ${name}, ${tree}`, `node -e 0, beside ${name}, ${tree}`);
    const peaks = MANY.flatMap((tree) =>
      ['ingest', 'diff with 10 files changed'].map((name) => rowAt(`ingot ${name}, ${tree}`, rows)),
    );
    for (const { peakRssBytes } of peaks) expect(peakRssBytes).toBeGreaterThan(0);
    expect(rowAt(`ingot ingest, ${MANY[0]}`, rows).filesPerSecond).toBeGreaterThan(0);

    const finding = SNAPSHOT.finding(rows)!;
    expect(finding).toMatch(/^ingot ingest takes .* and .* limit\.c tmpfile/);
    expect(finding).toMatch(/1 of 10 files replaced: [\d.]+ k?B are added\./);
    for (const tree of MANY) expect(finding).toContain(`Among ${tree}, `);
  });

  it('leaves nothing of the trees that it makes, and the given one as it was', async () => {
    const given = contextFor({ a: 'a' });
    await rowsOf({ ...SNAPSHOT, run: addedRows }, given);
    expect(fs.readdirSync(given.tree)).toEqual(['a']);
    const [corpora] = fs
      .readdirSync(join(given.arena.path, '..'))
      .filter((each) => each !== 'arena');
    expect(fs.readdirSync(join(given.arena.path, '..', corpora!))).toEqual([]);
  });
});

it('the bytes that a change adds are those of the reference and the segments that it made', async () => {
  const given = contextFor({});
  const rows = await rowsOf({ ...SNAPSHOT, run: addedRows }, given);
  const store = join(given.arena.path, 'store');
  const { stdout } = ingot(['snapshots', '--json', '--store', store]);
  const { snapshots } = JSON.parse(stdout) as {
    snapshots: { id: string; root: { digest: string } }[];
  };
  // So few files are in a single segment.
  const sizes = snapshots.map(({ id, root }) => {
    const files = [join('snapshots', id), join('segments', root.digest)];
    return files.reduce((sum, each) => sum + fs.statSync(join(store, '.ingot', each)).size, 0);
  });
  expect(rows.map(({ label, figures }) => [label, figures])).toEqual([
    ['1 of 10 files replaced', { bytesAdded: sizes[1] }],
    ['a directory of 10 files renamed', { bytesAdded: sizes[2] }],
  ]);
});
