import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, test } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { SegmentStore, StoredSegments } from '../../src/snapshot/store-segments.ts';
import { TreeReader } from '../../src/snapshot/tree-reader.ts';
import { LocalEngine } from '../../src/store/local/engine.ts';
import type { WriteOptions } from '../../src/store/seam/write.ts';
import { strayNames, tempStore } from '../harness/temp-store.ts';
import { all, directoryAt, numbered, writeTree } from './trees.ts';

const ENTRIES = [directoryAt('d'), ...numbered('d', 3_000)];
const BYTES = Buffer.from('a segment');
const DIGEST = digestOf(BYTES);

const pathOf = (root: string, digest: Digest) => join(root, '.ingot/segments', digest);

async function open(root: string, options: Partial<WriteOptions> = {}) {
  const engine = new LocalEngine(root);
  const defaults = {
    durability: 'group',
    barrier: 'auto',
    verifyHits: false,
    dryRun: false,
  } as const;
  const writer = await engine.openWriter({ ...defaults, groups: 0, ...options });
  onTestFinished(() => writer.end('failed'));
  const reader = await engine.openReader('segments');
  return { segments: new SegmentStore(writer.openGroup('segments'), reader), reader };
}

/** Puts something where the segment belongs. */
async function plantedSegment(bytes: Buffer): Promise<string> {
  const root = tempStore();
  const { segments } = await open(root);
  await segments.put(BYTES);
  await segments.commit();
  fs.rmSync(pathOf(root, DIGEST));
  fs.writeFileSync(pathOf(root, DIGEST), bytes);
  return root;
}

test('a tree lies in a store, and a second one adds only what is new', async () => {
  const root = tempStore();
  const { segments, reader } = await open(root);
  const top = await writeTree(ENTRIES, segments);
  await segments.commit();
  expect(await all(new TreeReader(new StoredSegments(reader), top).below(''))).toEqual(ENTRIES);
  const { added, addedBytes, there, repaired } = segments.counts;
  const files = fs.readdirSync(join(root, '.ingot/segments'));
  expect(files.length).toBe(added);
  expect([there, repaired]).toEqual([0, 0]);
  const sizes = files.map((name) => fs.statSync(pathOf(root, name as Digest)).size);
  expect(addedBytes).toBe(sizes.reduce((sum, size) => sum + size));

  const { segments: second } = await open(root);
  expect(await writeTree([...ENTRIES, directoryAt('e')], second)).not.toEqual(top);
  await second.commit();
  expect(second.counts.there).toBe(added - 2);
  expect(second.counts.added).toBe(2);
});

test('nothing is there before the commit, nor after a discard', async () => {
  const root = tempStore();
  const { segments } = await open(root);
  await segments.put(BYTES);
  expect(fs.existsSync(pathOf(root, DIGEST))).toBe(false);
  segments.discard();
  await segments.commit();
  expect(fs.existsSync(pathOf(root, DIGEST))).toBe(false);
  expect(strayNames(root).filter((name) => !name.startsWith('.tmp-'))).toEqual([]);
});

test('a dry run writes nothing, and counts what it would write', async () => {
  const root = tempStore();
  const { segments } = await open(root, { dryRun: true });
  await writeTree(ENTRIES, segments);
  await segments.commit();
  expect(segments.counts.added).toBeGreaterThan(3);
  expect(fs.existsSync(join(root, '.ingot/segments'))).toBe(false);
});

it.each([
  ['other bytes of the same size', Buffer.from('A segment')],
  ['another size', Buffer.from('a seg')],
  ['nothing', Buffer.alloc(0)],
  ['far too much', Buffer.alloc(2 << 20)],
])('that is there with %s is damaged for readers, and stored anew', async (_, bytes) => {
  const root = await plantedSegment(bytes);
  const { segments, reader } = await open(root);
  const read = new TreeReader(segments, { digest: DIGEST, level: 0, entries: 1, size: 0 });
  await expect(read.find('a')).rejects.toThrow(expect.objectContaining({ code: 'INGOT_DAMAGED' }));
  expect(await segments.put(BYTES)).toBe(DIGEST);
  await segments.commit();
  expect(fs.readFileSync(pathOf(root, DIGEST))).toEqual(BYTES);
  expect(await new StoredSegments(reader).get(DIGEST)).toEqual(BYTES);
  expect(segments.counts).toMatchObject({ added: 1, repaired: 1, there: 0 });
});

it('that claims to have 8 GiB is refused before anything is read', async () => {
  const root = await plantedSegment(BYTES);
  fs.truncateSync(pathOf(root, DIGEST), 2 ** 33);
  const { segments } = await open(root);
  await expect(segments.get(DIGEST)).rejects.toThrow('it is longer than 1048576 bytes');
});

it('that another writer stores meanwhile is read before it is relied on', async () => {
  for (const [bytes, isWhole] of [
    [BYTES, true],
    [Buffer.from('A segment'), false],
  ] as const) {
    const root = tempStore();
    const { segments } = await open(root);
    await segments.put(Buffer.from('another'));
    await segments.commit();
    await segments.put(BYTES);
    fs.writeFileSync(pathOf(root, DIGEST), bytes);
    if (isWhole) await segments.commit();
    else await expect(segments.commit()).rejects.toThrow('what is there has other bytes');
  }
});

it('that is not there is named', async () => {
  const { segments } = await open(tempStore());
  await expect(segments.get(DIGEST)).rejects.toThrow(
    `segment ${DIGEST} of a snapshot is damaged: it is not in the store`,
  );
});
