import { expect, it } from 'vitest';
// The built ones: they start the built ingot.
import { dropCachesLack } from '../../dist/bench/prepare.js';
import { VERIFY } from '../../dist/bench/questions/verify.js';
import { demand, demandProgram } from '../harness/mounts.ts';
import { contextFor, rowsOf } from './context.ts';

it('a verify of what no cache holds is held against one that does not read ahead', async (context) => {
  const lack = dropCachesLack();
  demand(context, lack === undefined, lack ?? '');
  for (const program of ['cc', 'xargs']) demandProgram(context, program);
  const tree = contextFor({ 'a/one': 'one', 'a/two': 'two' });
  const labels = ['ingot verify', 'ingot verify --read-ahead 0', 'limit.c hash'];
  expect((await rowsOf(VERIFY, tree)).map(({ label }) => label)).toEqual(labels);
  const rows = await rowsOf(VERIFY, { ...tree, cold: true });
  expect(rows.filter(({ absent }) => absent !== undefined)).toEqual([]);
  expect(rows.map(({ label }) => label)).toEqual(labels.toSpliced(2, 0, 'xargs -P 16 cat'));
  expect(rows[0]!.parameters).toEqual({ readAhead: 'auto: 0' });
  for (const { ratio } of rows.slice(1)) expect(ratio!.median).toBeGreaterThan(0);
}, 120_000);
