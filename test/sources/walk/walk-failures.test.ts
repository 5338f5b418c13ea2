import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type DirectoryOps, nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import { countOpenIn } from '../../harness/open-files.ts';
import { makeTree } from '../../harness/tree.ts';
import { failing, walk } from './walking.ts';

test.each(['EACCES', 'EIO', 'ESTALE'])(
  'a directory that fails with %s is unreadable, and the walk goes on',
  async (code) => {
    const root = makeTree({ 'bad/f': '', 'good/f': '', 'z/bad2/f': '', f: '' });
    const ops = failing('readdirSync', (path) => path.endsWith('bad'), code);
    const sink = await walk([root], {}, { ops });
    expect(sink.unreadablePaths).toEqual({ [`${root}/bad`]: code });
    expect(sink.below(root)).toEqual(['f', 'good/f', 'z/bad2/f']);
    expect(sink.directories).toBe(4);
  },
);

test('what lies deeper than a path may be long is met, and what fails there is alone', async () => {
  const root = makeTree({ f: '' });
  const deeper = 'd=$(printf %0200d 0); for i in $(seq 30); do mkdir $d; cd -P $d; done';
  execFileSync('bash', ['-c', `${deeper}; mkdir bad good; touch bad/f good/f`], { cwd: root });
  const bottom = `${root}${`/${'0'.repeat(200)}`.repeat(30)}`;
  const ops = failing('readdirSync', (path) => path.endsWith('bad'), 'EACCES');
  const sink = await walk([root], {}, { ops });
  expect(sink.unreadablePaths).toEqual({ [`${bottom}/bad`]: 'EACCES' });
  expect(sink.below(bottom).filter((path) => path !== '')).toEqual(['good/f']);
  expect(sink.directories).toBe(32);
  expect(countOpenIn(root)).toBe(0);
});

const GONE = ['ENOENT', 'ENOTDIR'];

test.each(GONE)('a directory that is gone when its turn comes has vanished: %s', async (code) => {
  const root = makeTree({ 'gone/f': '', 'here/f': '' });
  const ops = failing('lstatSync', (path) => path.endsWith('gone'), code, 'lstat');
  const sink = await walk([root], {}, { ops });
  expect(sink.vanishedPaths).toEqual({ [`${root}/gone`]: code });
  expect(sink.below(root)).toEqual(['here/f']);
});

test('one whose server does not know its handle any more is unreadable', async () => {
  const root = makeTree({ 'stale/f': '', 'here/f': '' });
  const ops = failing('lstatSync', (path) => path.endsWith('stale'), 'ESTALE', 'lstat');
  const sink = await walk([root], {}, { ops });
  expect(sink.unreadablePaths).toEqual({ [`${root}/stale`]: 'ESTALE' });
  expect(sink.vanishedPaths).toEqual({});
});

describe.each([
  ['readdirSync', 'scandir', 0],
  ['opendirSync', 'opendir', 2 ** 21],
] as const)('a directory that %s says is not there', (call, syscall, size) => {
  test.each(GONE)(
    'has vanished when it is gone, and is unreadable when it is there: %s',
    async (code) => {
      const root = makeTree({ 'gone/f': '', 'here/f': '', 'there/f': '' });
      const meddle = (path: string) => {
        if (path.endsWith('gone')) fs.rmSync(path, { recursive: true });
        return /(gone|there)$/.test(path);
      };
      const ops: DirectoryOps = {
        ...failing(call, meddle, code, syscall),
        lstatSync: (path) => Object.assign(nodeDirectoryOps.lstatSync(path), { size }),
      };
      const sink = await walk([root], {}, { ops });
      expect(sink.vanishedPaths).toEqual({ [`${root}/gone`]: code });
      expect(sink.unreadablePaths).toEqual({ [`${root}/there`]: code });
      expect(sink.below(root)).toEqual(['here/f']);
    },
  );
});

test.each([
  ['a link', (path: string) => fs.symlinkSync('other', path)],
  ['a file', (path: string) => fs.writeFileSync(path, '')],
])('a directory that became %s before its turn is not entered', async (_, replace) => {
  const root = makeTree({ 'swapped/f': '', 'other/g': '' });
  const ops: DirectoryOps = {
    ...nodeDirectoryOps,
    readdirSync: ((path: string, options: { withFileTypes: true }) => {
      const entries = fs.readdirSync(path, options);
      if (path === root) {
        fs.rmSync(`${root}/swapped`, { recursive: true });
        replace(`${root}/swapped`);
      }
      return entries;
    }) as unknown as DirectoryOps['readdirSync'],
  };
  const sink = await walk([root], {}, { ops });
  expect(sink.below(root)).toEqual(['other/g']);
  expect(sink.links).toEqual([]);
  expect(sink.vanishedPaths).toEqual({ [`${root}/swapped`]: 'ENOTDIR' });
});

test('an entry that vanishes does not pass its directory off as vanished', async () => {
  const root = makeTree({ f: '' });
  const ops: DirectoryOps = {
    ...failing('opendirSync', () => true, 'ENOENT', 'lstat'),
    statSync: ((path: string) =>
      Object.assign(nodeDirectoryOps.statSync(path), {
        size: 2 ** 21,
      })) as DirectoryOps['statSync'],
  };
  const sink = await walk([root], {}, { ops });
  expect(sink.unreadablePaths).toEqual({ [root]: 'ENOENT' });
});

test.each(['EMFILE', 'ENFILE'])(
  'where there is no free descriptor the walk waits for some to be closed: %s',
  async (code) => {
    const root = makeTree({ 'a/f': '' });
    let left = 3;
    const ops = failing('readdirSync', (path) => path.endsWith('/a') && left-- > 0, code);
    const sink = await walk([root], {}, { ops });
    expect(sink.below(root)).toEqual(['a/f']);
    expect(sink.directories).toBe(2);
  },
);

test('where none is closed for two seconds the walk fails', async () => {
  const root = makeTree({ 'a/f': '' });
  const ops = failing('readdirSync', (path) => path.endsWith('/a'), 'EMFILE');
  await expect(walk([root], {}, { ops })).rejects.toMatchObject({
    code: 'EMFILE',
    path: `${root}/a`,
  });
});

test('a machine out of memory fails the walk', async () => {
  const root = makeTree({ 'a/f': '' });
  const ops = failing('readdirSync', (path) => path.endsWith('/a'), 'ENOMEM');
  await expect(walk([root], {}, { ops })).rejects.toMatchObject({
    code: 'ENOMEM',
    path: `${root}/a`,
  });
});
