import { expect, it } from 'vitest';
// The built ones: they start the built ingot.
import { dropCachesLack } from '../../dist/bench/prepare.js';
import { COLD_SOURCE } from '../../dist/bench/questions/cold-source.js';
import { demand, demandProgram } from '../harness/mounts.ts';
import { contextFor, rowsOf } from './context.ts';

const TREE = { 'a/one': 'one', 'a/two': 'two', 'with space': 'three' };

it('an ingest of files that no cache holds is held against reading them', async (context) => {
  const lack = dropCachesLack();
  demand(context, lack === undefined, lack ?? '');
  for (const program of ['cc', 'rsync', 'xargs']) demandProgram(context, program);
  const rows = await rowsOf(COLD_SOURCE, contextFor(TREE));
  expect(rows.filter(({ absent }) => absent !== undefined)).toEqual([]);
  expect(rows.map(({ label }) => label)).toEqual([
    ...['ingot', 'ingot --read-ahead 0', 'the same, 8 threads'],
    ...[
      'xargs -P 8 cat',
      'xargs -P 16 cat',
      'xargs -P 32 cat',
      'rsync',
      'cp -r',
      'limit.c tmpfile',
    ],
  ]);
  expect(rows[0]!.parameters).toEqual({ readAhead: 'auto: 0' });
  for (const { ratio } of rows.slice(1)) expect(ratio!.median).toBeGreaterThan(0);
  expect(COLD_SOURCE.finding(rows)).toMatch(/^ingot takes .* limit\.c tmpfile.*\.$/);
}, 120_000);
