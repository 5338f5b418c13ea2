import { expect, it, vi } from 'vitest';
// The built ones: they start the built ingot.
import { dropCachesIfCold } from '../../dist/bench/prepare.js';
import { PUT } from '../../dist/bench/questions/put.js';
import { contextFor, rowsOf } from './context.ts';

vi.mock('../../dist/bench/prepare.js', { spy: true });

it('put is measured beside Node, with the page cache as it was asked for before each run', async () => {
  vi.mocked(dropCachesIfCold).mockReturnValue();
  const rows = await rowsOf(PUT, { ...contextFor({}), cold: true });
  const [ours, node] = rows.map(({ seconds }) => seconds!);
  // A warm-up and the counted runs, of both.
  expect(vi.mocked(dropCachesIfCold).mock.calls).toHaveLength(2 * (1 + ours!.runs));
  expect(vi.mocked(dropCachesIfCold).mock.calls[0]![0].cold).toBe(true);
  const { ratio } = rows[1]!;
  expect(ratio!.min).toBeGreaterThanOrEqual(ours!.min / node!.max);
  expect(ratio!.max).toBeLessThanOrEqual(ours!.max / node!.min);
});
