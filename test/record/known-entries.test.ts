import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeName } from '../../src/names.ts';
import type { FileStatus } from '../../src/native/file-status.ts';
import { hashOf } from '../../src/record/layout.ts';
import { RecordBlocks } from '../../src/record/record-blocks.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import {
  addFile,
  blocksOf,
  digestNumber,
  enter,
  enterKnown,
  identityOf,
  knownIn,
  LINK,
  type MadeFile,
  type Place,
  RULES,
  recordIn,
  STATUS,
} from './recording.ts';

const DIRECTORY: Place = { inTree: 'd', identity: identityOf(5) };

/** What the next run knows of a directory in which an earlier one has met these files. */
function knownAfter(files: readonly MadeFile[], place = DIRECTORY) {
  const folder = temporaryDirectory();
  recordIn(folder, [blocksOf(place, files)]);
  const { known } = knownIn(folder);
  enterKnown(known, place);
  return known;
}

const NAMES = [
  ...['a', '.', 'long'.repeat(63), 'naïve', '日本語', '😀', ' ', '\t'],
  ...['\udcff', 'odd \udcff\udc0a', `${'\udcff'.repeat(255)}`, 'ü\udc80', 'a\udc5cb'],
];

const anyName = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => escapeName(bytes)),
);
const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
const seconds = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(2 ** 32, 2 ** 32 - 1, -(2 ** 32), -(2 ** 31) - 1, 2 ** 47 - 1, 1 - 2 ** 47),
  fc.integer({ min: 1 - 2 ** 47, max: 2 ** 47 - 1 }),
);
const inode = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 2049n })
  .map((exact) => ({ inode: Number(exact), inodeLow: Number(exact & 0xffffffffn) }));
const anyStatus = fc
  .record({
    size: fc.oneof(
      fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1),
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    ),
    modifiedSeconds: seconds,
    modifiedNanoseconds: nanoseconds,
    changedSeconds: seconds,
    changedNanoseconds: nanoseconds,
    inode,
  })
  .map(({ inode: which, ...status }): FileStatus => ({ ...STATUS, ...status, ...which }));
const anyFile = fc.record({
  name: anyName,
  status: anyStatus,
  digest: fc.nat().map(digestNumber),
  xattrs: fc.constantFrom('', '[["user.a","MQ=="]]', 'ü'.repeat(1000)),
});

describe('an entry', () => {
  it('comes back as it was recorded, whatever its name and its numbers', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyFile, { selector: ({ name }) => name, minLength: 1 }),
        (files) => {
          const known = knownAfter(files);
          for (const { name, status, digest, xattrs } of files)
            expect(known.file(name, status, RULES)).toMatchObject({
              ...{ digest, xattrs, mustLook: false, isPart: false },
            });
          expect(known.file('not there', STATUS, RULES)).toBeUndefined();
          expect(known.damaged).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of a link comes back with its target', () => {
    const targets = ['a', '../b', '\udcfe/nowhere', 'long'.repeat(1000), 'ü\udcff', 'a\udc0ab'];
    const folder = temporaryDirectory();
    const blocks = new RecordBlocks(1);
    enter(blocks, DIRECTORY);
    for (const [n, target] of targets.entries()) {
      blocks.link(`l${n}`, LINK, { target, isSure: true });
    }
    recordIn(folder, [blocks.take()!]);
    const { known } = knownIn(folder);
    enterKnown(known, DIRECTORY);
    for (const [n, target] of targets.entries())
      expect(known.link(`l${n}`, LINK, RULES)?.target).toBe(target);
    expect(known.link('l0', { ...LINK, inodeLow: 8 }, RULES)).toBeUndefined();
  });

  it.each<[string, Partial<FileStatus>]>([
    ['size', { size: 4 }],
    ['size beyond 32 bits', { size: 3 + 2 ** 32 }],
    ['seconds of mtime', { modifiedSeconds: STATUS.modifiedSeconds + 1 }],
    ['seconds of mtime beyond 32 bits', { modifiedSeconds: STATUS.modifiedSeconds + 2 ** 32 }],
    ['nanoseconds of mtime', { modifiedNanoseconds: 4 }],
    ['seconds of ctime', { changedSeconds: STATUS.changedSeconds - 1 }],
    ['seconds of ctime beyond 32 bits', { changedSeconds: STATUS.changedSeconds - 2 ** 32 }],
    ['nanoseconds of ctime', { changedNanoseconds: 7 }],
    ['inode', { inode: 2 ** 33 + 8, inodeLow: 8 }],
    ['inode beyond 32 bits', { inode: 2 ** 34 + 7 }],
    ['kind: a link', { mode: LINK.mode }],
    ['kind: a directory', { mode: 0o40644 }],
    ['kind: a fifo', { mode: 0o10644 }],
  ])('with another %s is not known', (_, change) => {
    const known = knownAfter([{ name: 'f' }]);
    expect(known.file('f', STATUS, RULES)).toBeDefined();
    expect(known.file('f', { ...STATUS, ...change }, RULES)).toBeUndefined();
    expect(known.link('f', { ...STATUS, ...change }, RULES)).toBeUndefined();
  });

  it('may have another inode or ctime where these say nothing', () => {
    const known = knownAfter([{ name: 'f' }]);
    const ctime = { ...STATUS, changedSeconds: 1, changedNanoseconds: 1 };
    const other = { ...STATUS, inode: 1, inodeLow: 1 };
    expect(known.file('f', ctime, { ...RULES, ctimes: false })).toBeDefined();
    expect(known.file('f', other, { ...RULES, inodes: false })).toBeDefined();
    expect(known.file('f', ctime, { ...RULES, inodes: false })).toBeUndefined();
    expect(known.file('f', other, { ...RULES, ctimes: false })).toBeUndefined();
  });

  it('is sure to have its content as long as nothing that says something was left out', () => {
    const known = knownAfter([{ name: 'sure' }, { name: 'unsure', isSure: false }]);
    const isSure = (name: string, rules = RULES, change = {}) =>
      known.file(name, { ...STATUS, ...change }, rules)?.recorded.isSure;
    expect([isSure('sure'), isSure('unsure')]).toEqual([true, false]);
    const [ctime, inode] = [{ changedNanoseconds: 7 }, { inode: 2 ** 33 + 8, inodeLow: 8 }];
    expect(isSure('sure', { ...RULES, ctimes: false })).toBe(true);
    expect(isSure('sure', { ...RULES, ctimes: false }, ctime)).toBe(false);
    expect(isSure('sure', { ...RULES, inodes: false })).toBe(true);
    expect(isSure('sure', { ...RULES, inodes: false }, inode)).toBe(false);
    // Where they do not stay they say nothing.
    expect(isSure('sure', { ...RULES, inodes: false, inodesStay: false }, inode)).toBe(true);
  });

  it('may have another mode, other owners and links: these are asked for anyway', () => {
    const known = knownAfter([{ name: 'f' }]);
    const other = { ...STATUS, mode: 0o100755, uid: 0, gid: 0, links: 2, device: 9 };
    expect(known.file('f', other, RULES)).toBeDefined();
  });

  it('whose extended attributes were not asked for is not known where they are', () => {
    const known = knownAfter([
      { name: 'without', hasXattrs: false },
      { name: 'with', xattrs: 'x' },
    ]);
    expect(known.file('without', STATUS, RULES)).toBeUndefined();
    const rules = { ...RULES, xattrs: false };
    expect(known.file('without', STATUS, rules)?.xattrs).toBe('');
    expect(known.file('with', STATUS, rules)?.xattrs).toBe('');
  });

  it.each<[string, MadeFile]>([
    ['size', { name: 'f', status: { size: 2 ** 48 } }],
    ['mtime', { name: 'f', status: { modifiedSeconds: 2 ** 47 } }],
    ['ctime', { name: 'f', status: { changedSeconds: -(2 ** 47) } }],
    ['attributes', { name: 'f', xattrs: 'x'.repeat(2 ** 16) }],
  ])('whose %s do not fit is not recorded, and all others are', (_, file) => {
    const known = knownAfter([{ name: 'a' }, file, { name: 'z' }]);
    expect(known.file('f', { ...STATUS, ...file.status }, RULES)).toBeUndefined();
    for (const name of ['a', 'z']) expect(known.file(name, STATUS, RULES)).toBeDefined();
  });

  it('in blocks that are kept from an older record is the same in the next', () => {
    const file = { name: 'ü\udcff', digest: digestNumber(3), xattrs: 'x' };
    const blocks = new RecordBlocks(1);
    enter(blocks, DIRECTORY);
    addFile(blocks, { name: 'before' });
    blocks.keep(blocksOf(DIRECTORY, [file]));
    addFile(blocks, { name: 'after' });
    const folder = temporaryDirectory();
    recordIn(folder, [blocks.take()!]);
    const { known } = knownIn(folder);
    enterKnown(known, DIRECTORY);
    expect(known.file('ü\udcff', STATUS, RULES)).toMatchObject({
      digest: digestNumber(3),
      xattrs: 'x',
    });
    for (const name of ['before', 'after']) expect(known.file(name, STATUS, RULES)).toBeDefined();
  });
});

/** Two names that a record's hash cannot tell apart. */
function namesOfOneHash(): [string, string] {
  const seen = new Map<number, string>();
  for (let n = 0; ; n++) {
    const name = `name ${n}`;
    const other = seen.get(hashOf(name));
    if (other !== undefined) return [other, name];
    seen.set(hashOf(name), name);
  }
}

it('names of one hash are different names', () => {
  const [one, other] = namesOfOneHash();
  const both = knownAfter([
    { name: one, digest: digestNumber(1) },
    { name: other, digest: digestNumber(2) },
  ]);
  expect(both.file(one, STATUS, RULES)?.digest).toBe(digestNumber(1));
  expect(both.file(other, STATUS, RULES)?.digest).toBe(digestNumber(2));
  expect(knownAfter([{ name: one }]).file(other, STATUS, RULES)).toBeUndefined();
});

describe('a directory', () => {
  it('may have many blocks, from several tasks, with others in between', () => {
    const folder = temporaryDirectory();
    const file = (n: number) => ({ name: `f${n}`, digest: digestNumber(n) });
    const tasks = [0, 1, 2].map((task) => {
      const blocks = new RecordBlocks(1);
      for (const part of [0, 1]) {
        enter(blocks, DIRECTORY);
        for (let n = 0; n < 10; n++) addFile(blocks, file(task * 20 + part * 10 + n));
        enter(blocks, { inTree: `other ${task}`, identity: identityOf(100 + task) });
        addFile(blocks, { name: 'f0', digest: digestNumber(1000 + task) });
      }
      return blocks.take()!;
    });
    recordIn(folder, tasks);
    const { known } = knownIn(folder);
    enterKnown(known, DIRECTORY);
    for (let n = 0; n < 60; n++)
      expect(known.file(`f${n}`, STATUS, RULES)?.digest).toBe(digestNumber(n));
    enterKnown(known, { inTree: 'other 2', identity: identityOf(102) });
    expect(known.file('f0', STATUS, RULES)?.digest).toBe(digestNumber(1002));
    expect(known.file('f1', STATUS, RULES)).toBeUndefined();
  });

  it('of 20,000 entries is known whole, in any order', () => {
    const files = Array.from({ length: 20_000 }, (_, n) => ({
      ...{ name: `${n}-${'x'.repeat(n % 200)}`, digest: digestNumber(n) },
      status: { inode: n, inodeLow: n },
    }));
    const known = knownAfter(files);
    const order = files.map((_, n) => (n * 7919) % files.length);
    for (const n of order) {
      const { name, status, digest } = files[n]!;
      if (known.file(name, { ...STATUS, ...status }, RULES)?.digest !== digest)
        expect.fail(`${name} is not known`);
    }
    expect(known.file('20000-', STATUS, RULES)).toBeUndefined();
  });

  it('of large entries has more than one block', () => {
    const files = Array.from({ length: 100 }, (_, n) => ({
      ...{ name: `f${n}`, xattrs: `${n}`.repeat(10_000), digest: digestNumber(n) },
    }));
    const known = knownAfter(files);
    for (const { name, xattrs, digest } of files)
      expect(known.file(name, STATUS, RULES)).toMatchObject({ xattrs, digest });
  });

  const place = (inTree: string, n?: number): Place =>
    n === undefined ? { inTree } : { inTree, identity: identityOf(n) };

  it.each<[string, Place, Place, boolean]>([
    ['by which one it is, when it has been moved', place('d', 5), place('elsewhere', 5), true],
    ['by its path, when it is another one', place('d', 5), place('d', 6), true],
    ['by its path, where nobody knows which it was', place('d'), place('d', 6), true],
    ['by its path, where nobody knows which it is', place('d', 5), place('d'), true],
    ['not by neither', place('d', 5), place('e', 6), false],
    ['not by that nobody knew which it was', place('d'), place('e'), false],
  ])('is found %s', (_, recorded, asked, isKnown) => {
    const folder = temporaryDirectory();
    recordIn(folder, [blocksOf(recorded, [{ name: 'f' }])]);
    const { known } = knownIn(folder);
    enterKnown(known, asked);
    expect(known.file('f', STATUS, RULES) !== undefined).toBe(isKnown);
  });

  it('that has taken the place of another is what it is, not where it is', () => {
    const folder = temporaryDirectory();
    const made = ['a', 'b'].map((inTree, n) =>
      blocksOf(place(inTree, n + 1), [{ name: 'f', digest: digestNumber(n) }]),
    );
    recordIn(folder, made);
    const { known } = knownIn(folder);
    for (const [inTree, n] of [
      ['a', 2],
      ['b', 1],
    ] as const) {
      enterKnown(known, place(inTree, n));
      expect(known.file('f', STATUS, RULES)?.digest).toBe(digestNumber(n - 1));
    }
  });
});
