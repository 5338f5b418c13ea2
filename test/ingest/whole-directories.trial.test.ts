/** Directories that hold what the record says: their snapshot is that of a run that knows nothing. */

import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BLOCK } from '../../src/record/layout.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { untilCertain } from '../harness/until-certain.ts';

const LARGE = 5 << 20;

interface Place {
  readonly source: string;
  readonly store: string;
}

/** Files, links, a hard link, a large file, directories with nothing but directories, and none. */
function makeSource(root: string): Place {
  const source = join(root, 'source');
  for (const directory of ['a', 'b/c/d', 'only/directories/in', 'empty'])
    fs.mkdirSync(join(source, directory), { recursive: true });
  for (let n = 0; n < 12; n++) {
    fs.writeFileSync(join(source, 'a', `file-${n}`), `content ${n}`);
    fs.writeFileSync(join(source, 'b/c/d', `${n}é`), `deep ${n}`);
  }
  fs.symlinkSync('file-0', join(source, 'a', 'a-link'));
  fs.symlinkSync('nowhere', join(source, 'a', 'z-link'));
  fs.linkSync(join(source, 'a', 'file-1'), join(source, 'b', 'linked'));
  fs.writeFileSync(join(source, 'b', 'large'), Buffer.alloc(LARGE, 1));
  fs.writeFileSync(join(source, 'top'), 'top');
  // To the second, so that it can be set back.
  fs.utimesSync(join(source, 'a'), 1, 1_000_000_000);
  return { source, store: join(root, 'store') };
}

/** Without a place in the file system for it, the byte changes, and the times of the file alone. */
function writeAt(path: string, position: number, text: string): void {
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, text, position);
  fs.closeSync(fd);
}

const CHANGES: Readonly<Record<string, (source: string) => void>> = {
  nothing: () => {},
  'a file written to in place': (source) => writeAt(join(source, 'a/file-3'), 0, 'CONTENT'),
  'a large file written to in place': (source) => writeAt(join(source, 'b/large'), 100, 'x'),
  'the mode of a file': (source) => fs.chmodSync(join(source, 'a/file-4'), 0o640),
  'the mode of a directory': (source) => fs.chmodSync(join(source, 'b/c'), 0o750),
  'the times of a file': (source) => fs.utimesSync(join(source, 'b/c/d/3é'), 1, 2),
  'the times of a directory': (source) => fs.utimesSync(join(source, 'only'), 1, 2),
  'a new file': (source) => fs.writeFileSync(join(source, 'b/c/d/new'), 'new'),
  'a new file beside directories only': (source) => fs.writeFileSync(join(source, 'only/x'), 'x'),
  'a new file in an empty directory': (source) => fs.writeFileSync(join(source, 'empty/x'), 'x'),
  'a new file, and the times of its directory set back': (source) => {
    fs.writeFileSync(join(source, 'a/new'), 'new');
    fs.utimesSync(join(source, 'a'), 1, 1_000_000_000);
  },
  'the name of a directory, and back': (source) => {
    fs.renameSync(join(source, 'a'), join(source, 'x'));
    fs.renameSync(join(source, 'x'), join(source, 'a'));
  },
  'a file less': (source) => fs.rmSync(join(source, 'a/file-5')),
  'a directory less': (source) => fs.rmdirSync(join(source, 'empty')),
  'a directory moved': (source) => fs.renameSync(join(source, 'b/c/d'), join(source, 'moved')),
  'two directories swapped': (source) => {
    fs.renameSync(join(source, 'a'), join(source, 'x'));
    fs.renameSync(join(source, 'b'), join(source, 'a'));
    fs.renameSync(join(source, 'x'), join(source, 'b'));
  },
  'a hard link more': (source) =>
    fs.linkSync(join(source, 'a/file-7'), join(source, 'only/directories/in/linked')),
  'a link elsewhere': (source) => {
    fs.rmSync(join(source, 'a/a-link'));
    fs.symlinkSync('file-1', join(source, 'a/a-link'));
  },
};

const places = new Map<string, Place>();
/** Of all tests: so they wait once. */
const all = fs.mkdtempSync(join(os.tmpdir(), 'ingot-test-'));

/** Of one directory, the record of which has two blocks. */
const large = { source: join(all, 'large/source'), store: join(all, 'large/store') };
const MORE_THAN_A_BLOCK = 4096 + 200;

afterAll(() => fs.rmSync(all, { recursive: true }));

beforeAll(async () => {
  for (const change of [
    ...Object.keys(CHANGES),
    'damaged',
    'small batches',
    'other rules',
    'moved',
    'at once',
  ])
    places.set(change, makeSource(fs.mkdtempSync(join(all, 'place-'))));
  fs.mkdirSync(large.source, { recursive: true });
  for (let n = 0; n < MORE_THAN_A_BLOCK; n++)
    fs.writeFileSync(join(large.source, String(n).padStart(5, '0')), String(n % 9));
  await untilCertain();
  for (const { source, store } of places.values()) await ingest(store, [source]);
  await ingest(large.store, [large.source]);
});

/** A record with a length too small, one for each of its first 12 blocks. */
function* withShorterBlocks(record: Buffer): Generator<Buffer, void, undefined> {
  let at = record.indexOf('\n') + 1;
  for (let block = 0; block < 12; block++) {
    const bytes = record.readUInt32LE(at + BLOCK.payloadBytes);
    const damaged = Buffer.from(record);
    damaged.writeUInt32LE(bytes - 8, at + BLOCK.payloadBytes);
    yield damaged;
    at += BLOCK.bytes + bytes;
  }
}

/** The same with another byte, 23 times. */
function* withOtherBytes(record: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < record.length; at += Math.ceil(record.length / 23)) {
    const damaged = Buffer.from(record);
    damaged[at]! ^= 0x15;
    yield damaged;
  }
}

/** What a run says that knows nothing of the source. */
async function freshRoot(source: string, options = {}): Promise<string | undefined> {
  const { snapshot } = await ingest(join(temporaryDirectory(), 'store'), [source], options);
  return snapshot?.root;
}

describe('the snapshot of a known source is that of an unknown one', () => {
  test.each(Object.entries(CHANGES))('when what has changed is %s', async (name, change) => {
    const { source, store } = places.get(name)!;
    change(source);
    for (const threads of [2, 1]) {
      const again = await ingest(store, [source], { threads });
      expect(again.snapshot?.root).toBe(await freshRoot(source));
      expect(again.snapshot?.complete).toBe(true);
    }
  });

  test('when batches end anywhere', async () => {
    const { source, store } = places.get('small batches')!;
    writeAt(join(source, 'a/file-3'), 0, 'CONTENT');
    for (const batchFiles of [1, 3, 5, 64]) {
      const again = await ingest(store, [source], { batchFiles });
      expect(again.snapshot?.root).toBe(await freshRoot(source));
    }
  });

  test('when other names are passed over than before', async () => {
    const { source, store } = places.get('other rules')!;
    for (const exclude of [['file-3'], ['file-4', 'd'], []]) {
      const again = await ingest(store, [source], { exclude });
      expect(again.snapshot?.root).toBe(await freshRoot(source, { exclude }));
    }
  });

  test('whichever byte of the record is damaged', async () => {
    const { source, store } = places.get('damaged')!;
    const folder = join(store, '.ingot/records');
    const [name] = fs.readdirSync(folder);
    const record = join(folder, name!);
    const sound = fs.readFileSync(record);
    const root = await freshRoot(source);
    for (const damaged of [...withShorterBlocks(sound), ...withOtherBytes(sound)]) {
      fs.writeFileSync(record, damaged);
      const again = await ingest(store, [source]);
      expect(again.snapshot?.root).toBe(root);
    }
  });
});

test('a source that was moved is known, and so is its root', async () => {
  const { source, store } = places.get('moved')!;
  const moved = `${source}-moved`;
  fs.renameSync(source, moved);
  const again = await ingest(store, [moved]);
  expect(again).toMatchObject({ bytesRead: 0, snapshot: { bytesAdded: 0 } });
  expect(again.snapshot?.root).toBe(await freshRoot(moved));
});

test('nothing of an unchanged source is read, and its root is that of the last snapshot', async () => {
  const { source, store } = places.get('nothing')!;
  const again = await ingest(store, [source]);
  expect(again).toMatchObject({ bytesRead: 0, snapshot: { bytesAdded: 0 } });
  expect(again.outcomes).toMatchObject({ unchanged: 27, link: 2, new: 0, duplicate: 0 });
});

/** Bytes of a store's only record. */
function recordBytes(store: string): number {
  const folder = join(store, '.ingot/records');
  const [name, ...others] = fs.readdirSync(folder);
  expect(others).toEqual([]);
  return fs.statSync(join(folder, name!)).size;
}

test('a directory of which the last entry has changed is recorded once', async () => {
  const { source, store } = large;
  const before = recordBytes(store);
  writeAt(join(source, String(MORE_THAN_A_BLOCK - 1).padStart(5, '0')), 0, 'x');
  await untilCertain();
  const again = await ingest(store, [source], { threads: 1 });
  expect(again.outcomes).toMatchObject({ unchanged: MORE_THAN_A_BLOCK - 1, new: 1 });
  expect(again.snapshot?.root).toBe(await freshRoot(source));
  expect(recordBytes(store) / before).toBeLessThan(1.1);
  const third = await ingest(store, [source]);
  expect(third).toMatchObject({ bytesRead: 0, snapshot: { bytesAdded: 0 } });
});

test('two ingests of a source at once make the same snapshot and leave one record', async () => {
  const { source, store } = places.get('at once')!;
  writeAt(join(source, 'a/file-3'), 0, 'CONTENT');
  await untilCertain();
  const root = await freshRoot(source);
  const both = await Promise.all([ingest(store, [source]), ingest(store, [source])]);
  expect(both.map(({ snapshot }) => snapshot?.root)).toEqual([root, root]);
  expect(recordBytes(store)).toBeGreaterThan(0);
  const third = await ingest(store, [source]);
  expect(third).toMatchObject({ bytesRead: 0, snapshot: { root, bytesAdded: 0 } });
});
