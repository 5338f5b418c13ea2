/** Stores of every format are read and written, and keep what they are. */
import fs from 'node:fs';
import { join } from 'node:path';
import { parseDigest, relayout, Store, storeStats, verify } from 'ingot';
import { expect, test } from 'vitest';
import { readFormat } from '../../../src/store/local/on-disk/format.ts';
import {
  CONTENT,
  DIGEST,
  GENERATION,
  KNOWN_FORMATS,
  storeOfFormat,
} from '../../harness/formats.ts';

test.each(KNOWN_FORMATS)('a store of format %i is read, verified and added to', async (format) => {
  const root = storeOfFormat(format);
  const before = readFormat(root);
  expect(before!.format).toBe(format);
  const store = await Store.open(root);
  expect((await (await store.get(parseDigest(DIGEST))).toArray()).join('')).toBe(CONTENT);
  expect(await store.put(Buffer.from(CONTENT))).toMatchObject({ outcome: 'duplicate' });
  expect(await store.put(Buffer.from('new'))).toMatchObject({ outcome: 'new' });
  await store.close();
  expect(await verify(root)).toMatchObject({ checked: 2, damaged: 0 });
  expect(await storeStats(root)).toMatchObject({ format, objects: 2 });
  expect(readFormat(root)).toEqual(before);
});

test.each(KNOWN_FORMATS)(
  'a relayout of a store of format %i changes nothing else',
  async (format) => {
    const root = storeOfFormat(format);
    const before = readFormat(root);
    expect(await relayout(root, 'sharded')).toMatchObject({ moved: 1 });
    expect(readFormat(root)).toEqual({ ...before, layout: 'sharded' });
    expect(await verify(root)).toMatchObject({ checked: 1, damaged: 0 });
  },
);

test('a quarantine changes the generation of a store that has one', async () => {
  for (const format of KNOWN_FORMATS) {
    const root = storeOfFormat(format);
    const path = join(root, DIGEST);
    fs.chmodSync(path, 0o644);
    fs.writeFileSync(path, 'something else');
    expect(await verify(root, { quarantine: true })).toMatchObject({ quarantined: 1 });
    const generation = join(root, '.ingot/generation');
    if (format === 1) expect(fs.existsSync(generation)).toBe(false);
    else expect(fs.readFileSync(generation, 'utf8')).not.toBe(`${GENERATION}\n`);
  }
});
