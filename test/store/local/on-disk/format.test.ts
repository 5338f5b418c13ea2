import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LAYOUTS } from '../../../../src/store/choices.ts';
import { createStore } from '../../../../src/store/local/on-disk/create-store.ts';
import {
  checkLayout,
  parseFormat,
  readFormat,
  requireFormat,
  type StoreFormat,
  writeFormat,
} from '../../../../src/store/local/on-disk/format.ts';
import { randomId } from '../../../../src/store/local/on-disk/metadata-file.ts';
import { errno, recordingOps, tempStore } from '../../../harness/temp-store.ts';
import { temporaryDirectory } from '../../../harness/tree.ts';

test('a created store is private to its owner and says format and layout', () => {
  const root = tempStore('sharded');
  expect(fs.statSync(root).mode & 0o777).toBe(0o700);
  expect(fs.statSync(join(root, '.ingot')).mode & 0o777).toBe(0o700);
  expect(readFormat(root)).toEqual({ format: 1, layout: 'sharded' });
  expect(fs.readdirSync(root)).toHaveLength(257);
});

test('creating makes missing parents and flushes every folder that got a new name', () => {
  const top = temporaryDirectory();
  const { ops, count } = recordingOps();
  createStore(join(top, 'a', 'b', 'store'), 'flat', ops);
  for (const folder of [top, join(top, 'a'), join(top, 'a', 'b'), join(top, 'a', 'b', 'store')])
    expect(count('fsyncSync', new RegExp(`^${folder}$`)), folder).toBe(1);
  expect(count('fsyncSync', /store\/\.ingot$/)).toBe(1);
  expect(count('fsyncSync', /store\.json/)).toBe(1);
});

test('creating flushes every folder above that lies on the same disk, whoever made it', () => {
  const top = temporaryDirectory();
  const root = join(top, 'a', 'b', 'store');
  fs.mkdirSync(root, { recursive: true });
  const { ops, count } = recordingOps();
  createStore(root, 'flat', ops);
  for (const folder of [top, join(top, 'a'), join(top, 'a', 'b')])
    expect(count('fsyncSync', new RegExp(`^${folder}$`)), folder).toBe(1);
});

test('.ingot is durable before the first shard is made', () => {
  const { ops, calls } = recordingOps();
  const root = join(temporaryDirectory(), 'store');
  createStore(root, 'sharded', ops);
  const steps = calls.flatMap(({ name, path }) => {
    if (name === 'fsyncSync' && path === root) return 'flush';
    if (name !== 'mkdirSync') return [];
    return path === join(root, '.ingot') ? '.ingot' : path.startsWith(`${root}/`) ? 'shard' : [];
  });
  expect(steps).toEqual(['.ingot', 'flush', ...Array(256).fill('shard'), 'flush']);
});

test('store.json appears only when the names above it are durable', () => {
  const { ops, calls } = recordingOps();
  createStore(join(temporaryDirectory(), 'store'), 'flat', ops);
  const linked = calls.findIndex(({ name }) => name === 'linkSync');
  const flushed = calls.findLastIndex(
    ({ name, path }) => name === 'fsyncSync' && !/ingot$/.test(path) && !/json/.test(path),
  );
  expect(flushed).toBeGreaterThan(0);
  expect(linked).toBeGreaterThan(flushed);
});

test('a creation that was cut short is taken up again, also with shards made already', () => {
  for (const layout of LAYOUTS) {
    const root = join(temporaryDirectory(), 'store');
    const { ops } = recordingOps(({ name }) => (name === 'linkSync' ? errno('EIO') : undefined));
    expect(() => createStore(root, layout, ops)).toThrow(/cannot create the store.*EIO/);
    expect(readFormat(root)).toBeUndefined();
    expect(createStore(root, layout)).toEqual({ format: 1, layout });
  }
});

test('the first of two creations wins', () => {
  const root = tempStore('sharded');
  expect(createStore(root, 'flat').layout).toBe('sharded');
});

test('a missing path and an empty directory are no store yet', () => {
  const folder = temporaryDirectory();
  expect(readFormat(folder)).toBeUndefined();
  expect(readFormat(join(folder, 'missing'))).toBeUndefined();
  expect(() => requireFormat(folder)).toThrow(expect.objectContaining({ code: 'INGOT_NO_STORE' }));
});

test('a directory with other things in it is refused and left alone', () => {
  const folder = temporaryDirectory();
  fs.writeFileSync(join(folder, 'mine'), 'x');
  expect(() => readFormat(folder)).toThrow(expect.objectContaining({ code: 'INGOT_NOT_A_STORE' }));
  expect(fs.readdirSync(folder)).toEqual(['mine']);
});

test('a sharded store that lost its store.json is refused, not made anew', () => {
  const root = tempStore('sharded');
  fs.writeFileSync(join(root, 'ab', 'ab'.repeat(32)), 'x');
  fs.rmSync(join(root, '.ingot', 'store.json'));
  expect(() => readFormat(root)).toThrow(expect.objectContaining({ code: 'INGOT_NOT_A_STORE' }));
});

test('a file is refused as a store', () => {
  const file = join(temporaryDirectory(), 'file');
  fs.writeFileSync(file, 'x');
  expect(() => readFormat(file)).toThrow(/not a store.*it is a file/);
});

test('a newer format is refused with both numbers', () => {
  const root = tempStore();
  fs.writeFileSync(join(root, '.ingot', 'store.json'), '{"format":3,"layout":"flat"}');
  expect(() => readFormat(root)).toThrow(/it has format 3, this ingot knows 2/);
});

test.each([
  '',
  '{',
  'null',
  '[]',
  '"flat"',
  '{}',
  '{"format":0,"layout":"flat"}',
  '{"format":1.5,"layout":"flat"}',
  '{"format":"1","layout":"flat"}',
  '{"format":1}',
  '{"format":1,"layout":"deep"}',
  '{"format":1,"layout":"flat","movingFrom":"deep"}',
  '{"format":2,"layout":"flat"}',
  '{"format":2,"layout":"flat","id":"0"}',
  '{"format":2,"layout":"deep","id":"00000000000000000000000000000000"}',
  '{"format":2,"layout":"flat","id":"00000000000000000000000000000000","since":5}',
  '{"format":2,"layout":"flat","id":"00000000000000000000000000000000","since":"never"}',
])('a malformed store.json is refused: %j', (text) => {
  expect(() => parseFormat(text, 'p')).toThrow(
    expect.objectContaining({ code: 'INGOT_BAD_FORMAT' }),
  );
});

test('every format that is written is read back as it was', () => {
  const layout = fc.constantFrom(...LAYOUTS);
  const id = randomId();
  const stage = fc.constantFrom<Omit<StoreFormat, 'layout'>>(
    { format: 1 },
    { format: 2, id },
    { format: 2, id, since: new Date().toISOString() },
  );
  const root = tempStore();
  fc.assert(
    fc.property(layout, fc.option(layout, { nil: undefined }), stage, (to, from, of) => {
      const format = { layout: to, ...(from && { movingFrom: from }), ...of };
      writeFormat(root, format, 'replace');
      expect(readFormat(root)).toEqual(format);
    }),
    { numRuns: 20 },
  );
});

test('any JSON is either a format or an IngotError', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        expect([1, 2]).toContain(parseFormat(text, 'p').format);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^INGOT_/) });
      }
    }),
  );
});

test('asking an existing store for another layout is a usage error that names relayout', () => {
  expect(() => checkLayout('r', { format: 1, layout: 'flat' }, 'sharded')).toThrow(
    /it is flat; run 'ingot relayout --to sharded'/,
  );
  expect(() => checkLayout('r', { format: 1, layout: 'flat' }, undefined)).not.toThrow();
});
