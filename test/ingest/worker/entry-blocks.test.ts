import { expect, it, test } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { FileXattrs } from '../../../src/ingest/file-xattrs.ts';
import { TreeRecorder } from '../../../src/ingest/main/tree-recorder.ts';
import { NO_BLOCKS } from '../../../src/ingest/messages.ts';
import { EntryBlocks } from '../../../src/ingest/worker/entry-blocks.ts';
import type { FileStatus } from '../../../src/native/file-status.ts';
import type { StableInodes } from '../../../src/sources/stable-inodes.ts';
import { MemorySegments, readTree } from '../../snapshot/trees.ts';

const STATUS: FileStatus = {
  ...{ mode: 0o100644, size: 3, device: 7, inode: 1, inodeLow: 1, links: 1, uid: 1, gid: 2 },
  ...{ modifiedSeconds: 5, modifiedNanoseconds: 6, changedSeconds: 0, changedNanoseconds: 0 },
};
const DIRECTORY: FileStatus = { ...STATUS, mode: 0o40755 };
const digest = digestOf(Buffer.from('one'));
const file = (more: Partial<FileStatus> = {}) => ({
  ...{ status: { ...STATUS, ...more }, size: 3, digest, xattrs: '' },
});
const inodes = (stay: boolean) => ({ areOn: () => stay }) as unknown as StableInodes;
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
  const [first, second] = [new EntryBlocks(inodes(true), 10), new EntryBlocks(inodes(true), 10)];
  first.enter(inside('d'));
  for (const name of ['z', 'a']) first.file(name, file());
  first.enter(inside(''));
  first.link('l', { status: { ...STATUS, mode: 0o120777 }, target: 'd/a' });
  first.enter(inside('empty'));
  second.enter(inside('d'));
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
  const blocks = new EntryBlocks(inodes(true), 10);
  blocks.enter(inside('d'));
  blocks.missing('m', refusal);
  const { entries, lacks } = await treeOf(['d'], blocks);
  expect(entries.at(-1)).toEqual({ type: 'missing', path: 'd/m', why });
  expect(lacks).toEqual([[why, 1]]);
});

it('names of one file are a group only where inodes stay', async () => {
  for (const stay of [true, false]) {
    const blocks = new EntryBlocks(inodes(stay), 10);
    blocks.enter(inside('d'));
    for (const name of ['a', 'b']) blocks.file(name, file({ links: 2 }));
    blocks.enter(inside('e'));
    blocks.file('c', file());
    const taken = blocks.take();
    expect(taken.linked).toEqual([stay, false]);
    const again = new EntryBlocks(inodes(stay), 10);
    again.enter(inside('d'));
    for (const name of ['a', 'b']) again.file(name, file({ links: 2 }));
    const { entries } = await treeOf(['d'], again);
    expect(entries.filter((entry) => 'group' in entry && entry.group !== undefined).length).toBe(
      stay ? 2 : 0,
    );
  }
});

it('blocks of any size come whole, and a task that learns nothing has none', async () => {
  const blocks = new EntryBlocks(inodes(true), 10);
  expect(blocks.take()).toBe(NO_BLOCKS);
  const names = Array.from({ length: 3000 }, (_, n) => `${n}-${'n'.repeat(200)}`);
  blocks.enter(inside('a'));
  for (const name of names) blocks.file(name, file());
  blocks.enter(inside('b'));
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
