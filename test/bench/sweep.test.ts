import { expect, it } from 'vitest';
import { combinations } from '../../bench/questions/sweep.ts';

it('a sweep tries every combination of the settings once, the default first', () => {
  const trials = combinations({ arena: { path: '/a' }, tree: '/t', threads: 3 } as never);
  const values = (name: string) => new Set(trials.map(({ parameters }) => parameters[name]));
  const names = ['durability', 'barrier', 'threads', 'batchFiles', 'layout'];
  const combined = trials.map(({ parameters }) => names.map((name) => parameters[name]).join());
  expect(new Set(combined).size).toBe(trials.length);
  expect(new Set(trials.map(({ label }) => label)).size).toBe(trials.length);
  // group goes with both barriers, file and none with neither.
  const others = ['threads', 'batchFiles', 'layout'].map((name) => values(name).size);
  expect(Math.min(...others)).toBeGreaterThan(1);
  expect(trials.length).toBe(others.reduce((product, size) => product * size, 4));
  expect(trials[0]!.parameters).toEqual({
    ...{ durability: 'group', barrier: 'syncfs', threads: 3 },
    ...{ batchFiles: 4000, layout: 'flat' },
  });
  const given = trials.map(({ contender }) => JSON.parse(contender.command.at(-1)!) as unknown);
  expect(given).toEqual(trials.map(({ parameters }) => parameters));
});
