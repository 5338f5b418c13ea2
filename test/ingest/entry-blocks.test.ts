import { describe, expect, it, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { EntryBlocks } from '../../src/ingest/entry-blocks.ts';
import { FileXattrs } from '../../src/ingest/file-xattrs.ts';
import { TreeRecorder } from '../../src/ingest/main/tree-recorder.ts';
import { NO_BLOCKS } from '../../src/ingest/messages.ts';
import type { FileStatus } from '../../src/native/file-status.ts';
import type { Devices } from '../../src/sources/devices.ts';
import { MemorySegments, readTree } from '../snapshot/trees.ts';

const STATUS: FileStatus = {
  ...{ mode: 0o100644, size: 3, device: 7, inode: 1, inodeLow: 1, links: 1, uid: 1, gid: 2 },
  ...{ modifiedSeconds: 5, modifiedNanoseconds: 6, changedSeconds: 0, changedNanoseconds: 0 },
};
const DIRECTORY: FileStatus = { ...STATUS, mode: 0o40755 };
const digest = digestOf(Buffer.from('one'));
const file = (more: Partial<FileStatus> = {}) => ({
  ...{ status: { ...STATUS, ...more }, size: 3, digest, xattrs: '', lookedAt: 0 },
});
const blocksOn = (inodesStay: boolean) =>
  new EntryBlocks(
    { relianceOn: () => ({ inodesStay, timesAreLocal: true }) } as unknown as Devices,
    10,
    { isRecorded: false, wantXattrs: true },
  );
/** For a record, too. */
const recordingBlocks = (timesAreLocal = true) =>
  new EntryBlocks(
    { relianceOn: () => ({ inodesStay: true, timesAreLocal }) } as unknown as Devices,
    10,
    { isRecorded: true, wantXattrs: true },
  );
const inside = (inTree: string) => ({ directory: `/s/${inTree}`, inTree });
const failure = { what: 'cannot read a file', code: 'EIO', path: 'x' };

/** The tree that comes of blocks, with these directories; without its root, which has the empty path. */
async function treeOf(directories: readonly string[], ...all: EntryBlocks[]) {
  const recorder = new TreeRecorder(new FileXattrs(undefined));
  for (const inTree of directories)
    recorder.directory({ inTree, status: DIRECTORY, path: `/s/${inTree}` });
  for (const blocks of all) recorder.add(structuredClone(blocks.take()));
  const segments = new MemorySegments();
  const { root, ...facts } = await recorder.builder.build(segments);
  recorder.builder.close();
  return { entries: await readTree(root, segments), ...facts };
}

it('what a task learns of several directories comes together in one tree', async () => {
  const [first, second] = [blocksOn(true), blocksOn(true)];
  first.enter(inside('d'), undefined);
  for (const name of ['z', 'a']) first.file(name, file());
  first.enter(inside(''), undefined);
  first.link('l', { status: { ...STATUS, mode: 0o120777 }, target: 'd/a' }, 0);
  first.enter(inside('empty'), undefined);
  second.enter(inside('d'), undefined);
  second.file('m', file());
  second.missing('n', { outcome: 'unreadable', failure });
  const { entries, counts } = await treeOf(['', 'd', 'empty'], first, second);
  expect(entries.map(({ type, path }) => `${type} ${path}`)).toEqual([
    ...['directory d', 'file d/a', 'file d/m', 'missing d/n', 'file d/z'],
    ...['directory empty', 'link l'],
  ]);
  expect(counts).toEqual({ directories: 3, files: 3, links: 1, missing: 1 });
});

test.each([
  [{ outcome: 'unreadable', failure }, 'EIO'],
  [{ outcome: 'unreadable', failure: { ...failure, code: 'ERR_ACCESS_DENIED' } }, 'EACCES'],
  [{ outcome: 'vanished', failure: { ...failure, code: 'ENOENT' } }, 'vanished'],
  [{ outcome: 'changed', failure: { ...failure, code: 'INGOT_CHANGED' } }, 'changed'],
  [{ outcome: 'unsupported', kind: 'device' }, 'device'],
] as const)('why an entry is missing is a word: %j is %s', async (refusal, why) => {
  const blocks = blocksOn(true);
  blocks.enter(inside('d'), undefined);
  blocks.missing('m', refusal);
  const { entries, lacks } = await treeOf(['d'], blocks);
  expect(entries.at(-1)).toEqual({ type: 'missing', path: 'd/m', why });
  expect(lacks).toEqual([[why, 1]]);
});

it('names of one file are a group only where inodes stay', async () => {
  for (const stay of [true, false]) {
    const blocks = blocksOn(stay);
    blocks.enter(inside('d'), undefined);
    for (const name of ['a', 'b']) blocks.file(name, file({ links: 2 }));
    blocks.enter(inside('e'), undefined);
    blocks.file('c', file());
    const taken = blocks.take();
    expect(taken.linked).toEqual([stay, false]);
    const again = blocksOn(stay);
    again.enter(inside('d'), undefined);
    for (const name of ['a', 'b']) again.file(name, file({ links: 2 }));
    const { entries } = await treeOf(['d'], again);
    expect(entries.filter((entry) => 'group' in entry && entry.group !== undefined).length).toBe(
      stay ? 2 : 0,
    );
  }
});

it('blocks of any size come whole, and a task that learns nothing has none', async () => {
  const blocks = blocksOn(true);
  expect(blocks.take()).toBe(NO_BLOCKS);
  const names = Array.from({ length: 3000 }, (_, n) => `${n}-${'n'.repeat(200)}`);
  blocks.enter(inside('a'), undefined);
  for (const name of names) blocks.file(name, file());
  blocks.enter(inside('b'), undefined);
  for (const name of names.toReversed()) blocks.file(name, file());
  const { entries } = await treeOf(['a', 'b'], blocks);
  const expected = ['a', 'b'].flatMap((at) => [
    at,
    ...names.toSorted().map((name) => `${at}/${name}`),
  ]);
  expect(entries.map(({ path }) => path)).toEqual(expected);
});

it('an entry that ends where the walk met it is missing in its directory, or nowhere', async () => {
  const recorder = new TreeRecorder(new FileXattrs(undefined));
  for (const inTree of ['', 'd'])
    recorder.directory({ inTree, status: DIRECTORY, path: '/s', lacks: inTree && 'EACCES' });
  recorder.missing({ path: '/s/d/fifo', inTree: 'd/fifo' }, 'fifo');
  recorder.missing({ path: '/s/top', inTree: 'top' }, 'EIO');
  recorder.missing({ path: '/s/d', inTree: undefined }, 'EACCES');
  const segments = new MemorySegments();
  const { root } = await recorder.builder.build(segments);
  recorder.builder.close();
  expect(await readTree(root, segments)).toMatchObject([
    { type: 'directory', path: 'd', lacks: 'EACCES' },
    { type: 'missing', path: 'd/fifo', why: 'fifo' },
    { type: 'missing', path: 'top', why: 'EIO' },
  ]);
});

describe('for the next run', () => {
  const DAY_S = 86_400;
  const now = 1000 * DAY_S;
  const changed = (secondsAgo: number) => ({
    ...{ modifiedSeconds: now / 1000 - DAY_S, changedSeconds: now / 1000 - secondsAgo },
  });
  const isRecorded = (blocks: EntryBlocks, add: (blocks: EntryBlocks) => void) => {
    blocks.enter(inside('d'), undefined);
    add(blocks);
    return blocks.take().record !== undefined;
  };

  it.each([
    ['one that was changed a day ago', DAY_S, true, true],
    ['one that was changed a minute ago', 60, true, false],
    ['one that was changed just now', 1, false, false],
  ])('%s is recorded: %s s, here %s, on a server %s', (_, secondsAgo, local, remote) => {
    for (const [timesAreLocal, expected] of [
      [true, local],
      [false, remote],
    ] as const) {
      const status = { ...STATUS, ...changed(secondsAgo) };
      const recordsFile = isRecorded(recordingBlocks(timesAreLocal), (blocks) =>
        blocks.file('f', { ...file(), status, lookedAt: now }),
      );
      const recordsLink = isRecorded(recordingBlocks(timesAreLocal), (blocks) =>
        blocks.link('l', { status: { ...status, mode: 0o120777 }, target: 't' }, now),
      );
      expect([recordsFile, recordsLink]).toEqual([expected, expected]);
    }
  });

  it.each([
    ['whose size is not what it has', { size: 4 }],
    ['whose attributes could not be had', { xattrs: undefined }],
  ])('a file %s is not recorded', (_, more) => {
    const status = { ...STATUS, ...changed(DAY_S) };
    const add = (change: object) => (blocks: EntryBlocks) =>
      blocks.file('f', { ...file(), status, lookedAt: now, ...change });
    expect(isRecorded(recordingBlocks(), add({}))).toBe(true);
    expect(isRecorded(recordingBlocks(), add(more))).toBe(false);
  });
});
