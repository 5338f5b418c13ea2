import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Digest, digestOf, isDigest, parseDigest } from '../../../../src/digest.ts';
import { LAYOUTS } from '../../../../src/store/choices.ts';
import {
  candidatePaths,
  listLayout,
  listObjects,
  objectFolders,
  objectPath,
  otherLayout,
} from '../../../../src/store/local/on-disk/layout.ts';
import { plantMany, tempStore } from '../../../harness/temp-store.ts';

const digests = fc.uint8Array({ maxLength: 64 }).map((bytes) => digestOf(bytes));

test('an object lies in one of the folders of its layout, under its whole digest', () => {
  fc.assert(
    fc.property(digests, fc.constantFrom(...LAYOUTS), (digest, layout) => {
      const path = objectPath('/s', layout, digest);
      expect(path.endsWith(`/${digest}`)).toBe(true);
      expect(objectFolders('/s', layout)).toContain(path.slice(0, -65));
    }),
  );
});

test('an object is looked for in both layouts, and once more where it was looked for first', () => {
  fc.assert(
    fc.property(digests, fc.constantFrom(...LAYOUTS), (digest, layout) => {
      const [first, second, third] = candidatePaths('/s', layout, digest);
      expect(first).toBe(objectPath('/s', layout, digest));
      expect(second).toBe(objectPath('/s', otherLayout(layout), digest));
      expect(third).toBe(first);
    }),
  );
});

test('only the exact spelling is a digest; who gives one may use capitals', () => {
  fc.assert(fc.property(digests, (digest) => isDigest(digest)));
  const good = 'ab'.repeat(32);
  expect(isDigest(good.toUpperCase())).toBe(false);
  expect(parseDigest(good.toUpperCase())).toBe(good);
  for (const bad of ['', 'ab', `${good} `, `${good}\n`, good.slice(1), `g${good.slice(1)}`]) {
    expect(isDigest(bad)).toBe(false);
    expect(() => parseDigest(bad)).toThrow(expect.objectContaining({ code: 'INGOT_BAD_DIGEST' }));
  }
});

test('listing finds the objects of both layouts and nothing else', () => {
  const root = tempStore('sharded');
  const sharded = plantMany(root, 'sharded', 40);
  const flat = `${'0'.repeat(64)}` as Digest;
  fs.writeFileSync(join(root, flat), 'x');
  fs.writeFileSync(join(root, 'README'), 'x');
  fs.writeFileSync(join(root, 'aa', 'stray'), 'x');
  fs.writeFileSync(join(root, 'aa', 'bb'.repeat(32)), 'x');
  for (const layout of LAYOUTS)
    expect([...listObjects(root, layout)].sort()).toEqual([flat, ...sharded].sort());
  expect([...listLayout(root, 'flat')]).toEqual([flat]);
  expect([...listLayout(root, 'sharded')].sort()).toEqual(sharded);
});

test('listing that is given up closes its folder', () => {
  const root = tempStore();
  plantMany(root, 'flat', 3);
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for (let n = 0; n < 20; n++) for (const _ of listObjects(root, 'flat')) break;
  expect(open()).toBe(before);
});
