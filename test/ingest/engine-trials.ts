/** What an ingest comes to in an engine without folders, layouts or a barrier, which is told to misbehave. */
import { type EntryReport, ingest } from 'ingot';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../dist/src/digest.js';
import { newStore, objects } from '../harness/ingest-tree.ts';
import { addedUp } from '../harness/store-checks.ts';
import { MemoryStore, type Misbehaviour } from '../store/memory-store.ts';
import {
  BATCH,
  type Done,
  digestsIn,
  done,
  ingestToMemory,
  mixedTree,
  storeOfHalf,
} from './engine-trees.ts';

/** The same tree in a directory: what every engine has to come to. */
async function onDisk(source: string): Promise<{ first: Done; digests: readonly string[] }> {
  const store = newStore();
  const report = await ingest(store, [source], { threads: 2, batchFiles: BATCH });
  return { first: done(report), digests: objects(store) };
}

export function describeIngest(threads: number): void {
  describe(`an ingest into memory, with ${threads} threads,`, () => {
    it('counts as one into a directory, and stores the same', async () => {
      const source = mixedTree();
      const { first, digests } = await onDisk(source);
      const store = new MemoryStore();
      const { report } = await ingestToMemory(store, source, {}, { threads });
      expect(done(report)).toEqual(first);
      expect(digestsIn(store)).toEqual(digests);
      expect(report).toMatchObject({ layout: undefined, barrier: undefined, store: 'memory' });
      expect(store).toMatchObject({ live: 0, ends: ['flush', 'done'] });
      const again = await ingestToMemory(store, source, {}, { threads });
      const stored = (first.counts.new ?? 0) + (first.counts.duplicate ?? 0);
      expect(again.report.outcomes).toMatchObject({ new: 0, duplicate: stored });
    });

    it('whose replies are slow, or whose groups are small, counts the same', async () => {
      const source = mixedTree();
      const { first, digests } = await onDisk(source);
      for (const misbehaviour of [{ slowMs: 5 }, { groupOf: 3 }]) {
        const store = new MemoryStore();
        const { report } = await ingestToMemory(store, source, misbehaviour, { threads });
        expect(done(report)).toEqual(first);
        expect(digestsIn(store)).toEqual(digests);
      }
    });

    it.each(['unknown', 'stale'] as const)(
      'whose look-ups are %s learns at the commit what was there',
      async (lookups) => {
        const source = mixedTree();
        const expected = await ingestToMemory(storeOfHalf(), source, {}, { threads });
        expect(expected.report.outcomes.duplicate).toBeGreaterThan(0);
        const { report } = await ingestToMemory(storeOfHalf(), source, { lookups }, { threads });
        expect(done(report)).toEqual(done(expected.report));
        expect(report.repaired).toEqual([]);
      },
    );

    it.each(['true', 'unknown', 'stale'] as const)(
      'repairs what has another size, and lists it, where look-ups are %s',
      async (lookups) => {
        const source = mixedTree();
        const store = storeOfHalf();
        const damaged = [...store.spaces.objects.keys()].slice(0, 5);
        for (const digest of damaged) store.spaces.objects.set(digest, Buffer.alloc(99));
        const { report } = await ingestToMemory(store, source, { lookups }, { threads });
        expect(report.repaired.toSorted()).toEqual(damaged.toSorted());
        expect(digestsIn(store).every((digest) => store.find('objects', digest)?.isSound)).toBe(
          true,
        );
        expect(addedUp(report).unfinished).toBeUndefined();
      },
    );

    it('whose flush fails at a commit has stored nothing, and flushes nothing again', async () => {
      const { ended, store } = await failing({ flush: 'fails at commit' }, threads);
      expect(ended.error).toMatchObject({ kind: 'flush', code: 'EIO' });
      expectNothingStored(ended.report);
      expect(store).toMatchObject({ ends: ['failed'], flushesAfterFailure: 0, live: 0 });
      expect(digestsIn(store)).toEqual([]);
    });

    it('whose last flush fails has stored nothing, and flushes nothing again', async () => {
      const { ended, store } = await failing({ flush: 'fails at end' }, threads);
      expect(ended.error).toMatchObject({ kind: 'flush', code: 'EIO' });
      expectNothingStored(ended.report);
      expect(store).toMatchObject({ ends: ['flush', 'failed'], flushesAfterFailure: 0, live: 0 });
    });

    it('that finds no room fails as full, keeps what it reported, and goes on later', async () => {
      const { ended, store, source } = await failing({ room: 600 }, threads);
      expect(ended.error).toMatchObject({ kind: 'full', code: 'ENOSPC' });
      expect(store.ends).toEqual(['flush', 'failed']);
      await expectCompleted(ended, store, source);
    });

    it('whose reply is lost after a commit gives up that batch, and finds it next time', async () => {
      const { ended, store, source } = await failing({ losesReply: 2 }, threads);
      expect(ended.error).toMatchObject({ code: 'ECONNRESET', kind: undefined });
      // Of the batch whose reply was lost.
      expect(store.spaces.objects.size).toBeGreaterThan(ended.report.outcomes.new);
      await expectCompleted(ended, store, source);
    });

    it.each(['staged', 'committed'] as const)(
      'whose worker dies when a content is %s keeps what it reported, and goes on later',
      async (once) => {
        const dies = { once, of: digestOf(Buffer.from('content 45')) };
        const { ended, store, source } = await failing({ dies }, threads);
        expect(ended.error).toMatchObject({ code: 'INGOT_WORKER_DIED' });
        expect(store.live).toBe(0);
        await expectCompleted(ended, store, source);
      },
    );

    it('that is interrupted before its last flush has stored nothing, and goes on later', async () => {
      const source = mixedTree();
      const store = new MemoryStore();
      const stop = new AbortController();
      const onEntry = ({ digest }: EntryReport) => digest && stop.abort();
      const options = { threads, signal: stop.signal, onEntry };
      const ended = await ingestToMemory(store, source, { slowMs: 20 }, options);
      expect(ended.error).toMatchObject({ code: 'INGOT_INTERRUPTED' });
      expectNothingStored(ended.report);
      expect(store).toMatchObject({ ends: ['flush', 'failed'], live: 0 });
      await expectCompleted(ended, store, source);
    });

    it('that is a dry run counts the same, and makes nothing', async () => {
      const source = mixedTree();
      const { first } = await onDisk(source);
      const store = new MemoryStore();
      const { report } = await ingestToMemory(store, source, {}, { threads, dryRun: true });
      expect(done(report)).toEqual(first);
      expect(store).toMatchObject({ exists: false, flushes: 0, live: 0 });
      expect(digestsIn(store)).toEqual([]);
    });
  });
}

export async function failing(misbehaviour: Misbehaviour, threads: number) {
  const source = mixedTree();
  const store = new MemoryStore();
  const ended = await ingestToMemory(store, source, misbehaviour, { threads });
  return { ended, store, source };
}

type Ended = Awaited<ReturnType<typeof ingestToMemory>>;

export function expectNothingStored(report: Ended['report']): void {
  expect(addedUp(report).unfinished).toBeGreaterThan(0);
  const { new: fresh, duplicate, unchanged } = report.outcomes;
  expect([fresh, duplicate, unchanged, report.bytesWritten, report.bytesSaved]).toEqual(
    Array(5).fill(0),
  );
}

/** What a failed run reported as stored is there; the next stores the rest, and knows all it finds. */
async function expectCompleted(ended: Ended, store: MemoryStore, source: string): Promise<void> {
  expect(addedUp(ended.report).unfinished).toBeGreaterThan(0);
  const wereThere = new Set(digestsIn(store));
  expect(ended.stored.filter((digest) => !wereThere.has(digest))).toEqual([]);
  expect(ended.report.outcomes.new).toBeLessThanOrEqual(wereThere.size);
  const next = await ingestToMemory(store, source);
  expect(next.report.outcomes.new).toBe(digestsIn(store).length - wereThere.size);
  expect(next.error).toBeUndefined();
  expect(addedUp(next.report).unfinished).toBeUndefined();
}
