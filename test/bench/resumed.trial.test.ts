import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
// The built ones: they start the built ingot.
import { firstRows } from '../../dist/bench/again/first.js';
import { ingestHalf } from '../../dist/bench/again/half.js';
import type { Row } from '../../dist/bench/results.js';
import { demandProgram } from '../harness/mounts.ts';
import { objectsIn } from '../harness/store-checks.ts';
import { buildBeforehand, contextInMemory } from './context.ts';

beforeAll(() => buildBeforehand('limit.c'));

/** Of fewer the half is gone in a moment. */
const FILES = 3000;
const manyFiles = () =>
  Object.fromEntries(Array.from({ length: FILES }, (_, n) => [`${n}`, `content ${n}`]));

async function firstRowsOf(given: ReturnType<typeof contextInMemory>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of firstRows({ ...given, settle: async () => {} })) rows.push(row);
  return rows;
}

describe('an ingest that is resumed', { timeout: 120_000 }, () => {
  it('has been killed when about half of the objects were there', async () => {
    const given = contextInMemory(manyFiles());
    const share = await ingestHalf(given, FILES);
    expect(share).toBeGreaterThanOrEqual(0.5);
    expect(share).toBeLessThanOrEqual(0.75);
    expect(objectsIn(join(given.arena.path, 'store')).length / FILES).toBe(share);
  });

  it('is held against what was left to do', async (context) => {
    demandProgram(context, 'cc');
    const rows = await firstRowsOf(contextInMemory(manyFiles()));
    const [first, , resumed, rest] = rows;
    expect(rows.map(({ label }) => label)).toEqual([
      'ingot ingest, into a new store',
      'limit.c tmpfile',
      'ingot ingest, resumed',
      'the rest of one into a new store + an unchanged one, beside resumed',
    ]);
    const missing = 1 - resumed!.figures!.storedShare!;
    expect(rest!.seconds!.median).toBeGreaterThan(missing * first!.seconds!.median);
    expect(rest!.ratio!.median).toBeCloseTo(resumed!.seconds!.median / rest!.seconds!.median);
    expect(rest!.figures).toEqual({ must: 1.15, aim: 1.05 });
  });

  it('is none where the tree is too small to be cut in half', async () => {
    const [, , resumed, ...others] = await firstRowsOf(contextInMemory({ a: 'a' }));
    expect(resumed!.absent).toMatch(/^failed: \d+ % of the objects .* the tree is too small/);
    expect(others).toEqual([]);
  });
});
