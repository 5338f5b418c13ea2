import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
// The built ones: they start the built ingot.
import { someFloorTimes } from '../../dist/bench/floors/measure-floors.js';
import { DUPLICATES } from '../../dist/bench/questions/duplicates.js';
import { demandProgram } from '../harness/mounts.ts';
import { buildBeforehand, contextFor, rowsOf } from './context.ts';

vi.mock('../../dist/bench/floors/measure-floors.js', { spy: true });

beforeAll(() => buildBeforehand('limit.c', 'floors/floor.c'));

it('the floors of duplicates are those of the tree that is read', async (context) => {
  demandProgram(context, 'cc');
  const given = contextFor({ a: 'a', b: 'b' });
  const [ours] = await rowsOf(DUPLICATES, given);
  expect(ours!.floor!.distance).toBeGreaterThan(0);
  const trees = vi.mocked(someFloorTimes).mock.calls.map(([{ tree }]) => tree);
  expect(trees).toEqual([join(given.arena.path, 'copy')]);
});
