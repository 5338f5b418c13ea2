import fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
// The built ones: they build programs whose sources lie beside them.
import { besideLimit, type LimitRun } from '../../dist/bench/limit.js';
import type { Context } from '../../dist/bench/question.js';
import { demandProgram } from '../harness/mounts.ts';
import { buildBeforehand, contextFor } from './context.ts';

beforeAll(() => buildBeforehand('limit.c'));

/** A run of ingot that takes so long. */
const ours = (seconds: number) => ({ command: ['true'] as const, secondsIn: () => seconds });

const hashing = ({ tree }: Context): LimitRun => ({ mode: 'hash', tree, batch: 64 });

it('limit.c writes nothing when it only reads and hashes, however large a file is', async (context) => {
  demandProgram(context, 'cc');
  const given = contextFor({ large: Buffer.alloc(9 << 20, 'large'), small: 'small' });
  const { rows } = await besideLimit(given, ours(1), [hashing(given)]);
  expect(rows).toMatchObject([{ label: 'limit.c hash', seconds: { runs: 1 } }]);
  expect(fs.existsSync(join(given.arena.path, 'limit'))).toBe(false);
});

it("the ratio to limit.c is ingot's time by that of limit.c", async (context) => {
  demandProgram(context, 'cc');
  const given = contextFor({ a: 'a' });
  const [row] = (await besideLimit(given, ours(1000), [hashing(given)])).rows;
  expect(row!.ratio!.median).toBeCloseTo(1000 / row!.seconds!.median);
});

it('limit.c is absent with more threads than it can have, and ingot is not', async () => {
  const given = { ...contextFor({ a: 'a' }), threads: 65 };
  const { samples, rows } = await besideLimit(given, ours(2), [hashing(given)]);
  expect(samples.map(({ seconds }) => seconds)).toEqual([2]);
  expect(rows.map(({ absent }) => absent)).toEqual(['limit.c has at most 64 threads']);
});

it('limit.c is absent when it fails, and ingot is not', async (context) => {
  demandProgram(context, 'cc');
  const given = contextFor({ a: 'a' });
  // It has nowhere to write to.
  const prepare = () => fs.rmSync(given.arena.path, { recursive: true, force: true });
  const run: LimitRun = { mode: 'none', tree: given.tree, batch: 1, prepare };
  const { samples, rows } = await besideLimit(given, ours(2), [run]);
  expect(samples.map(({ seconds }) => seconds)).toEqual([2]);
  expect(rows).toMatchObject([
    { label: 'limit.c none', absent: expect.stringMatching(/^failed: /) },
  ]);
});
