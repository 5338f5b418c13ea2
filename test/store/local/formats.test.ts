/** Stores of every format are read and written, and keep what they are. */
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDigest, relayout, Store, storeStats, verify } from 'ingot';
import { describe, expect, it, test } from 'vitest';
import { readFormat } from '../../../src/store/local/on-disk/format.ts';
import {
  CONTENT,
  DIGEST,
  GENERATION,
  KNOWN_FORMATS,
  storeOfFormat,
} from '../../harness/formats.ts';
import { ingot } from '../../harness/run.ts';
import { expectFailure } from '../../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../../harness/tree.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const WRITE_SNAPSHOT = fixture('write-snapshot.mjs');

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

describe('without locks', () => {
  const env = { NODE_OPTIONS: `--import ${fixture('without.mjs')}`, WITHOUT: 'koffi' };
  const NO_LOCKS = /^ingot: cannot write here without locks: .*a store with snapshots needs locks/;
  const all = (root: string) => fs.readdirSync(root, { recursive: true }).sort();

  it('a store of format 2 is read, and not written to', () => {
    const root = storeOfFormat(2);
    const before = all(root);
    const file = join(makeTree({ file: 'new' }), 'file');
    const run = (...args: string[]) => ingot([...args, '--store', root], { env });
    for (const args of [
      ['put', file],
      ['ingest', file, '-q'],
      ['verify', '--quarantine', '-q'],
    ])
      expectFailure(run(...args), NO_LOCKS);
    expect(run('get', DIGEST)).toMatchObject({ code: 0, stdout: CONTENT });
    for (const command of ['verify', 'stats']) expect(run(command, '--json').code).toBe(0);
    expect(all(root)).toEqual(before);
  });

  it('one of format 1 is written to, and becomes no other', () => {
    const root = storeOfFormat(1);
    const file = join(makeTree({ file: 'new' }), 'file');
    expect(ingot(['put', file, '--store', root, '-q'], { env }).code).toBe(0);
    const before = all(root);
    const ended = ingot([root, 'new'], { env, program: WRITE_SNAPSHOT });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/cannot write here without locks/);
    expect(all(root)).toEqual(before);
  });

  it('none is made that is to have snapshots', () => {
    const root = join(temporaryDirectory(), 'store');
    expect(ingot([root, 'new'], { env, program: WRITE_SNAPSHOT }).code).toBe(1);
    expect(fs.existsSync(root)).toBe(false);
  });
});
