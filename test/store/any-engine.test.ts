/** `Store` and `verify` know nothing of what keeps a store but the seam: here it is memory. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../dist/src/digest.js';
import { verifyIn } from '../../dist/src/snapshot/verify/verify.js';
import { openStore } from '../../dist/src/store/store.js';
import { MemoryEngine } from './memory-engine.ts';
import { MemoryStore, type Misbehaviour } from './memory-store.ts';

const HELLO = Buffer.from('hello');

async function open(misbehaviour: Misbehaviour = {}, memory = new MemoryStore()) {
  return {
    memory,
    store: await openStore(new MemoryEngine(memory, misbehaviour), { create: true }),
  };
}

const content = async (stream: Readable) => Buffer.concat(await stream.toArray());

async function listed(store: { list(): AsyncIterable<Digest> }): Promise<Digest[]> {
  const digests: Digest[] = [];
  for await (const digest of store.list()) digests.push(digest);
  return digests.sort();
}

describe('a Store in memory', () => {
  it('needs a store unless it may create one', async () => {
    const memory = new MemoryStore();
    const opened = openStore(new MemoryEngine(memory));
    await expect(opened).rejects.toMatchObject({ code: 'INGOT_NO_STORE' });
    expect(memory.exists).toBe(false);
    expect((await open({}, memory)).store).toMatchObject({ root: 'memory', layout: undefined });
    expect(memory.exists).toBe(true);
  });

  it('finds what is put under its digest: bytes, small and large streams', async () => {
    const { memory, store } = await open();
    const large = randomBytes(3_000_000);
    const puts = [HELLO, Readable.from([HELLO, HELLO]), Readable.from([large])];
    const results = await Promise.all(puts.map((source) => store.put(source)));
    const contents = [HELLO, Buffer.concat([HELLO, HELLO]), large];
    for (const [at, bytes] of contents.entries()) {
      const digest = digestOf(bytes);
      const size = bytes.length;
      expect(results[at]).toEqual({ digest, size, outcome: 'new', repaired: false });
      expect(await store.has(digest)).toBe(true);
      expect(await store.stat(digest)).toEqual({ digest, size, path: `memory/objects/${digest}` });
      expect((await content(await store.get(digest))).equals(bytes)).toBe(true);
    }
    expect(await listed(store)).toEqual(contents.map(digestOf).sort());
    await store.close();
    expect(memory).toMatchObject({ live: 0, ends: ['failed'] });
  });

  it('has what was put when power fails, a hit too', async () => {
    const { memory, store } = await open();
    await store.put(HELLO);
    memory.powerCut();
    expect(await listed(store)).toEqual([digestOf(HELLO)]);
    memory.put('objects', digestOf(Buffer.from('hit')), Buffer.from('hit'));
    expect(await store.put(Buffer.from('hit'))).toMatchObject({ outcome: 'duplicate' });
    memory.powerCut();
    expect(await listed(store)).toContain(digestOf(Buffer.from('hit')));
  });

  it.each(['true', 'unknown', 'stale'] as const)(
    'tells one of two puts at once that it was the first, where look-ups are %s',
    async (lookups) => {
      const { store } = await open({ lookups, slowMs: 5 });
      const results = await Promise.all([store.put(HELLO), store.put(HELLO), store.put(HELLO)]);
      expect(results.map(({ outcome }) => outcome).sort()).toEqual([
        'duplicate',
        'duplicate',
        'new',
      ]);
      expect(await store.put(HELLO)).toMatchObject({ outcome: 'duplicate', repaired: false });
      await store.close();
    },
  );

  it.each(['true', 'unknown', 'stale'] as const)(
    'repairs what has another size, where look-ups are %s',
    async (lookups) => {
      const { memory, store } = await open({ lookups });
      memory.spaces.objects.set(digestOf(HELLO), Buffer.from('hell'));
      expect(await store.put(HELLO)).toMatchObject({ outcome: 'new', repaired: true });
      expect((await content(await store.get(digestOf(HELLO)))).toString()).toBe('hello');
    },
  );

  it.each([
    ['flush', { flush: 'fails at commit' }],
    ['full', { room: 3 }],
  ] as const)('fails as %s, has nothing then, and can be closed', async (kind, misbehaviour) => {
    const { memory, store } = await open(misbehaviour);
    for (const _ of [1, 2]) await expect(store.put(HELLO)).rejects.toMatchObject({ kind });
    expect(await store.has(digestOf(HELLO))).toBe(false);
    await store.close();
    expect(memory).toMatchObject({ live: 0, flushesAfterFailure: 0 });
  });

  it('gives what is missing or damaged as such', async () => {
    const { memory, store } = await open();
    const digest = digestOf(HELLO);
    await expect(store.get(digest)).rejects.toMatchObject({
      code: 'INGOT_NOT_FOUND',
      kind: 'gone',
    });
    memory.spaces.objects.set(digest, Buffer.from('HELLO'));
    await expect(content(await store.get(digest))).rejects.toMatchObject({
      code: 'INGOT_DAMAGED',
      path: `memory/objects/${digest}`,
    });
  });
});

describe('a verify of a store in memory', () => {
  it.each([1, 2])('finds damage, and moves it on request, with %i threads', async (threads) => {
    const { memory, store } = await open();
    for (let n = 0; n < 300; n++) await store.put(Buffer.from(`content ${n}`));
    const damaged = (await listed(store)).slice(0, 2);
    for (const digest of damaged) memory.spaces.objects.set(digest, new Uint8Array(4));
    const engine = new MemoryEngine(memory);
    const seen: [string, string | undefined][] = [];
    const onDamaged = ({ digest }: { readonly digest: string }, moved: string | undefined) =>
      void seen.push([digest, moved]);
    const first = await verifyIn(engine, { threads, onDamaged });
    expect(first).toMatchObject({
      checked: 300,
      damaged: 2,
      quarantined: 0,
      unreadable: 0,
      gone: 0,
    });
    expect(seen.sort()).toEqual(damaged.map((digest) => [digest, undefined]));
    expect(await verifyIn(engine, { threads, quarantine: true })).toMatchObject({ quarantined: 2 });
    expect(await verifyIn(engine, { threads })).toMatchObject({ checked: 298, damaged: 0 });
    expect(await engine.stats({})).toMatchObject({
      objects: 298,
      quarantined: 2,
      layout: undefined,
    });
  });

  it('needs a store', async () => {
    const verified = verifyIn(new MemoryEngine(), { threads: 1 });
    await expect(verified).rejects.toMatchObject({ code: 'INGOT_NO_STORE' });
  });
});
