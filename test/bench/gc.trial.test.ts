import { beforeAll, expect, it } from 'vitest';
// The built one: it starts the built ingot.
import { GC } from '../../dist/bench/questions/gc.js';
import { demandProgram } from '../harness/mounts.ts';
import { buildBeforehand, contextInMemory, rowsOf } from './context.ts';

beforeAll(() => buildBeforehand('gc/unlink.c'));

it('a gc is held against unlinking the same names, and against reading all segments', async (context) => {
  demandProgram(context, 'cc');
  const rows = await rowsOf(GC, contextInMemory({}));
  expect(rows.map(({ label, absent }) => [label, absent])).toEqual([
    ['ingot gc of 50 objects', undefined],
    ['unlink.c of the same', undefined],
    ['ingot gc of 10 objects', undefined],
    ['cat of all segments', undefined],
  ]);
  const [half, unlink, few, cat] = rows;
  expect(half!.figures!.longestSliceMs).toBeGreaterThan(0);
  for (const [ours, theirs] of [
    [half!, unlink!],
    [few!, cat!],
  ] as const)
    expect(theirs.ratio!.median).toBeCloseTo(ours.seconds!.median / theirs.seconds!.median);
  expect(unlink!.figures).toEqual({ must: 1.5, aim: 1.1 });
  expect(GC.finding(rows)).toMatch(/^ingot gc takes .* as long as unlink\.c of the same/);
});
