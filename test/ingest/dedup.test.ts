import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ingestTree, LARGE, newStore, objects, outcomes, sha256 } from '../harness/ingest-tree.ts';

describe('dedup', () => {
  it('believes an object of the right size without reading or touching it', async () => {
    const store = newStore();
    await ingestTree({ a: 'good' }, store);
    const object = path.join(store, sha256('good'));
    fs.chmodSync(object, 0o644);
    fs.writeFileSync(object, 'evil');
    const { counts } = await ingestTree({ b: 'good' }, store);
    expect(counts).toEqual({ duplicate: 1 });
    expect(fs.readFileSync(object, 'utf8')).toBe('evil');
  });

  it('re-hashes the object with verifyHits, repairs it and says so', async () => {
    const store = newStore();
    await ingestTree({ a: 'good' }, store);
    const object = path.join(store, sha256('good'));
    fs.chmodSync(object, 0o644);
    fs.writeFileSync(object, 'evil');
    const { counts, report } = await ingestTree({ b: 'good' }, store, { verifyHits: true });
    expect(counts).toEqual({ new: 1 });
    expect(report.repaired).toEqual([sha256('good')]);
    expect(fs.readFileSync(object, 'utf8')).toBe('good');
  });

  it.each(['', 'goo', 'good and longer'])(
    'repairs an object that holds %j instead',
    async (torn) => {
      const store = newStore();
      await ingestTree({ a: 'good' }, store);
      const object = path.join(store, sha256('good'));
      fs.rmSync(object);
      fs.writeFileSync(object, torn, { mode: 0o444 });
      const { report } = await ingestTree({ b: 'good', c: 'good' }, store);
      expect(outcomes(report.outcomes)).toEqual({ new: 1, duplicate: 1 });
      expect(report.repaired).toEqual([sha256('good')]);
      expect(fs.readFileSync(object, 'utf8')).toBe('good');
    },
  );

  it('finds large duplicates in the run and in the store, and tells new ones of equal size apart', async () => {
    const one = randomBytes(LARGE);
    const two = randomBytes(LARGE);
    const { counts, store } = await ingestTree({ a: one, b: one, c: two, d: one });
    expect(counts).toEqual({ new: 2, duplicate: 2 });
    const three = Buffer.from(one);
    three[LARGE / 4]! ^= 1;
    // The same size and sample as an object of the store, and yet another content.
    const again = await ingestTree({ a: two, b: three }, store);
    expect(again.counts).toEqual({ new: 1, duplicate: 1 });
    expect(objects(store)).toEqual([one, two, three].map(sha256).sort());
  });
});

describe('a sharded store', () => {
  it('keeps objects in folders named by the first two characters', async () => {
    const { store, counts } = await ingestTree({ a: 'one', b: 'two' }, newStore(), {
      layout: 'sharded',
    });
    expect(counts).toEqual({ new: 2 });
    const name = sha256('one');
    expect(fs.readFileSync(path.join(store, name.slice(0, 2), name), 'utf8')).toBe('one');
    const again = await ingestTree({ a: 'one' }, store);
    expect(again.counts).toEqual({ duplicate: 1 });
  });
});

describe('a dry run', () => {
  it('counts what would be stored and creates nothing', async () => {
    const store = newStore();
    const { counts, report } = await ingestTree(
      { a: 'one', b: 'one', c: Buffer.alloc(LARGE) },
      store,
      { dryRun: true },
    );
    expect(counts).toEqual({ new: 2, duplicate: 1 });
    expect(report.bytesWritten).toBe(LARGE + 3);
    expect(fs.existsSync(store)).toBe(false);
  });

  it('changes nothing in an existing store', async () => {
    const { store } = await ingestTree({ a: 'one' });
    const before = fs.readdirSync(store);
    const { counts } = await ingestTree({ a: 'one', b: 'two' }, store, { dryRun: true });
    expect(counts).toEqual({ new: 1, duplicate: 1 });
    expect(fs.readdirSync(store)).toEqual(before);
  });
});
