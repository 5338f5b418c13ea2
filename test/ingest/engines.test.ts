/** An ingest knows nothing of what keeps a store but the seam. */
import { expect, it } from 'vitest';
import { MemoryStore } from '../store/memory-store.ts';
import { digestsIn, ingestToMemory, mixedTree } from './engine-trees.ts';
import { describeIngest, expectNothingStored, failing } from './engine-trials.ts';

describeIngest(2);

it('what a power cut takes after a failed last flush was reported as unfinished', async () => {
  const { ended, store, source } = await failing({ flush: 'fails at end' }, 2);
  store.powerCut();
  expect(digestsIn(store)).toEqual([]);
  expectNothingStored(ended.report);
  const { report } = await ingestToMemory(store, source);
  const whole = digestsIn(store);
  store.powerCut();
  expect(digestsIn(store)).toEqual(whole);
  expect(report.outcomes.unfinished).toBe(0);
});

it.each([
  ['layout', { layout: 'sharded' }],
  ['barrier', { barrier: 'fsync' }],
  ['sharing', { shared: 'group' }],
] as const)(
  'a %s that the engine does not have is refused, and nothing is made',
  async (_, options) => {
    const store = new MemoryStore();
    const refused = ingestToMemory(store, mixedTree(), {}, options);
    await expect(refused).rejects.toMatchObject({ name: 'UsageError', code: 'INGOT_NOT_OFFERED' });
    expect(store).toMatchObject({ exists: false, live: 0 });
  },
);
