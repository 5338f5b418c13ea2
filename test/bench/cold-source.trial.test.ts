import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
// The built ones: they start the built ingot, and build programs whose sources lie beside them.
import { buildProgram } from '../../dist/bench/c-program.js';
import { contenders } from '../../dist/bench/cold-source/contenders.js';
import { dropCachesLack } from '../../dist/bench/prepare.js';
import { COLD_SOURCE } from '../../dist/bench/questions/cold-source.js';
import type { Row } from '../../dist/bench/results.js';
import { demand, demandProgram } from '../harness/mounts.ts';
import { makeTree } from '../harness/tree.ts';
import { buildBeforehand, contextFor, rowsOf } from './context.ts';

beforeAll(() => buildBeforehand('limit.c', 'cold-source/read.c'));

const TREE = { 'a/one': 'one', 'a/two': 'two', 'with space': 'three' };

it('an ingest of files that no cache holds is held against reading them', async (context) => {
  const lack = dropCachesLack();
  demand(context, lack === undefined, lack ?? '');
  for (const program of ['cc', 'rsync', 'xargs', 'restic']) demandProgram(context, program);
  const rows = await rowsOf(COLD_SOURCE, contextFor(TREE));
  expect(rows.filter(({ absent }) => absent !== undefined)).toEqual([]);
  expect(rows.map(({ label }) => label)).toEqual([
    ...['ingot', 'ingot --read-ahead 0', 'ingot --read-ahead 0, 8 threads'],
    ...[32, 128, 512, 2048].map((width) => `ingot --read-ahead ${width}`),
    ...[8, 16, 32].map((readers) => `xargs -P ${readers} cat`),
    ...[8, 16, 32].map((readers) => `C only reading, ${readers} threads`),
    ...['restic', 'rsync', 'cp -r', 'limit.c tmpfile'],
  ]);
  expect(rows[0]!.parameters).toEqual({ readAhead: 'auto: 0' });
  for (const { ratio } of rows.slice(1)) expect(ratio!.median).toBeGreaterThan(0);
  expect(COLD_SOURCE.finding(rows)).toMatch(
    /^ingot takes .* ingot --read-ahead \d+, the fastest of 4 widths.* the fastest of 6 that only read.* restic.* limit\.c tmpfile[^.]*(\.\d+[^.]*)*\.$/,
  );
}, 180_000);

it('peers that were not asked for are left out', async () => {
  const labels = async (peers: string[] | undefined) =>
    (await contenders({ ...contextFor(TREE), peers })).map(({ head }) => head.label);
  const all = await labels(undefined);
  expect(await labels(['borg'])).toEqual(all.filter((label) => label !== 'restic'));
  expect(await labels(['restic'])).toEqual(all);
});

it('the program that only reads reads every file, and fails with one that it cannot', async (context) => {
  demandProgram(context, 'cc');
  const program = await buildProgram('cold-source/read.c');
  const tree = makeTree({ ...TREE, large: 'x'.repeat(300_000) });
  const names = [...Object.keys(TREE), 'large'].map((name) => join(tree, name));
  const read = (...paths: string[]) => {
    const input = paths.map((path) => `${path}\0`).join('');
    return spawnSync('path' in program ? program.path : '', ['2'], { input, encoding: 'utf8' });
  };
  expect(read(...names)).toMatchObject({ status: 0, stderr: '' });
  const unread = read(...names, join(tree, 'gone'));
  expect(unread).toMatchObject({ status: 1, stderr: expect.stringContaining('gone: No such') });
});

it('the answer names the fastest of each series', () => {
  const row = (label: string, seconds: number, parameters: Row['parameters'] = {}): Row => {
    const spread = { min: seconds, median: seconds, max: seconds, runs: 3 };
    const ratio = { min: 2 / seconds, median: 2 / seconds, max: 2 / seconds, runs: 3, to: label };
    return { label, parameters, seconds: spread, ...(label !== 'ingot' && { ratio }) };
  };
  const rows = [
    row('ingot', 2, { readAhead: 'auto: 512' }),
    row('ingot --read-ahead 0', 4, { readAhead: 0 }),
    row('ingot --read-ahead 32', 3, { readAhead: 32 }),
    row('ingot --read-ahead 512', 2.5, { readAhead: 512 }),
    row('xargs -P 8 cat', 5, { readers: 8, by: 'cat' }),
    row('C only reading, 8 threads', 1, { readers: 8, by: 'read.c' }),
    row('restic', 8, { peer: 'restic' }),
  ];
  expect(COLD_SOURCE.finding(rows)).toBe(
    'ingot takes 0.50 of the time of ingot --read-ahead 0 (2 times as fast), 0.80 of the time of ingot --read-ahead 512, the fastest of 2 widths (1.3 times as fast), 2.00 times as long as C only reading, 8 threads, the fastest of 2 that only read, and 0.25 of the time of restic (4 times as fast).',
  );
});
