/** What is asked for ahead of a batch, on real files, through calls that are looked on. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Packer, unpack } from '../../../src/ingest/packed-files.ts';
import { newMeter } from '../../../src/ingest/task-cost.ts';
import { FilesAhead } from '../../../src/ingest/worker/files-ahead.ts';
import { Upcoming } from '../../../src/ingest/worker/upcoming.ts';
import { numberOf } from '../../../src/native/descriptor.ts';
import { nodeStatus } from '../../../src/native/file-status.ts';
import type { Files, SourceFd } from '../../../src/native/files.ts';
import { loadLibc } from '../../../src/native/libc.ts';
import { Width } from '../../../src/read-ahead/width.ts';
import type { FoundFiles } from '../../../src/sources/found-files.ts';
import { countOpenIn } from '../../harness/open-files.ts';
import { makeTree } from '../../harness/tree.ts';

const libcFiles: Files = (await loadLibc())!.files;

const pathOf = (fd: Parameters<Files['read']>[0]) =>
  fs.readlinkSync(`/proc/self/fd/${numberOf(fd)}`);

interface Circumstances {
  readonly width?: number;
  readonly bytes?: number;
  readonly files?: Partial<Files>;
  readonly stopped?: () => boolean;
}

/** A batch that stands at its first file, and what was asked for of it, below `root`. */
function askAhead(root: string, found: readonly FoundFiles[], how: Circumstances = {}) {
  const packer = new Packer();
  for (const each of found) packer.add(each);
  const packed = packer.take();
  const upcoming = new Upcoming(unpack(packed));
  const asked: string[] = [];
  let mostOpen = 0;
  const willNeed = (fd: Parameters<Files['read']>[0], from: number, size: number) => {
    expect(from).toBe(0);
    expect(size).toBe(fs.fstatSync(numberOf(fd)).size);
    asked.push(pathOf(fd).slice(root.length + 1));
    mostOpen = Math.max(mostOpen, countOpenIn(root));
  };
  const width = new Width(how.width ?? 100, false);
  const context = {
    ...{ files: { ...libcFiles, willNeed, ...how.files }, status: nodeStatus, width },
    ...{ aheadBytes: how.bytes ?? 1 << 20, stopped: how.stopped ?? (() => false) },
  };
  const ahead = new FilesAhead(upcoming, packed.count, context, newMeter());
  const place = { found: upcoming.take()!, directory: 0, first: 0 };
  ahead.before(0, place);
  expect(countOpenIn(root)).toBe(0);
  return { asked, mostOpen: () => mostOpen, ahead, place, width };
}

const filesIn = (root: string, directory: string, names: string[]): FoundFiles => ({
  ...{ directory: join(root, directory), withoutLinks: join(root, directory) },
  ...{ inTree: directory, names },
});

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `f${n}`);

it('asks for the next files, across directories, and opens one at a time', () => {
  const root = makeTree({ 'a/1': 'one', 'a/2': 'two', 'b/1': 'three', 'c/1': 'four' });
  const { asked, mostOpen } = askAhead(
    root,
    [filesIn(root, 'a', ['1', '2']), filesIn(root, 'b', ['1']), filesIn(root, 'c', ['1'])],
    { width: 3 },
  );
  expect(asked).toEqual(['a/1', 'a/2', 'b/1']);
  // The file, and its directory.
  expect(mostOpen()).toBe(2);
});

it('goes on when half of them have been read, and asks for none twice', () => {
  const names = numbered(40);
  const root = makeTree(Object.fromEntries(names.map((name) => [`d/${name}`, name])));
  const { asked, ahead, place } = askAhead(root, [filesIn(root, 'd', names)], { width: 16 });
  expect(asked.length).toBe(16);
  for (let index = 1; index < 8; index++) ahead.before(index, place);
  expect(asked.length).toBe(16);
  for (let index = 8; index < 40; index++) ahead.before(index, place);
  expect(asked).toEqual(names.map((name) => `d/${name}`));
});

it('follows no link, waits for no fifo, and passes over what has gone or is no file', () => {
  const root = makeTree({
    'd/a': 'a',
    'd/link': { symlink: '../outside' },
    'd/sub/x': '',
    'd/z': 'z',
    outside: 'outside',
  });
  execFileSync('mkfifo', [join(root, 'd/fifo')]);
  const names = ['a', 'link', 'fifo', 'gone', 'sub', 'z'];
  const { asked } = askAhead(root, [filesIn(root, 'd', names)]);
  expect(asked).toEqual(['d/a', 'd/z']);
});

it.each([
  ['the directory', 'd'],
  ['one above it', 'd/e'],
])('leads nobody out of the source by a link in the place of %s', (_, directory) => {
  const root = makeTree({ 'x/f': 'f', 'outside/f': 'out', 'outside/e/f': 'out', 'z/f': 'z' });
  fs.symlinkSync('outside', join(root, 'd'));
  const found = [filesIn(root, 'x', ['f']), filesIn(root, directory, ['f'])];
  const { asked } = askAhead(root, [...found, filesIn(root, 'z', ['f'])]);
  expect(asked).toEqual(['x/f', 'z/f']);
});

it('asks for so many bytes at a time', () => {
  const names = numbered(10);
  const root = makeTree(Object.fromEntries(names.map((name) => [`d/${name}`, 'x'.repeat(1000)])));
  expect(askAhead(root, [filesIn(root, 'd', names)], { bytes: 3500 }).asked.length).toBe(4);
});

it('asks for no large file: it gets a task of its own', () => {
  const root = makeTree({ 'd/a': 'a', 'd/large': '' });
  fs.truncateSync(join(root, 'd/large'), (4 << 20) + 1);
  expect(askAhead(root, [filesIn(root, 'd', ['large', 'a'])]).asked).toEqual(['d/a']);
});

it('asks for no link, and for nothing that a record knows', () => {
  const root = makeTree({ 'd/a': 'a', 'd/link': { symlink: 'a' }, 'e/a': 'a' });
  const links = { ...filesIn(root, 'd', ['link']), areLinks: true };
  const known = { ...filesIn(root, 'k', []), known: { record: 0, entries: 3 } };
  const found = [filesIn(root, 'd', ['a']), links, known, filesIn(root, 'e', ['a'])];
  expect(askAhead(root, found, { width: 6 }).asked).toEqual(['d/a', 'e/a']);
});

it('asks for nothing more once the run is stopped', () => {
  const names = numbered(10);
  const root = makeTree(Object.fromEntries(names.map((name) => [`d/${name}`, name])));
  let calls = 0;
  const stopped = () => ++calls > 5;
  const { asked } = askAhead(root, [filesIn(root, 'd', names)], { stopped });
  expect(asked.length).toBeLessThan(5);
});

it.each(['EMFILE', 'ENFILE', 'ENOMEM'])('ends for good at %s, and waits for nothing', (code) => {
  const names = numbered(50);
  const root = makeTree(Object.fromEntries(names.map((name) => [`d/${name}`, name])));
  let opened = 0;
  const file = () => {
    opened++;
    throw Object.assign(new Error(code), { code, errno: -1, syscall: 'open' });
  };
  const openAt = { ...libcFiles.openAt!, file };
  const begun = performance.now();
  const { width } = askAhead(root, [filesIn(root, 'd', names)], { files: { openAt } });
  expect(performance.now() - begun).toBeLessThan(100);
  expect(opened).toBe(1);
  expect(width.files).toBe(0);
});

it.each(['EACCES', 'EIO', 'ESTALE'])('passes over a file that gives %s', (code) => {
  const root = makeTree({ 'd/a': 'a', 'd/b': 'b', 'd/c': 'c' });
  const open = libcFiles.openAt!.file;
  const openAt = {
    ...libcFiles.openAt!,
    file: (...args: Parameters<typeof open>) => {
      if (args[1] === 'b') throw Object.assign(new Error(code), { code, errno: -1 });
      return open(...args);
    },
  };
  const { asked, width } = askAhead(root, [filesIn(root, 'd', ['a', 'b', 'c'])], {
    files: { openAt },
  });
  expect(asked).toEqual(['d/a', 'd/c']);
  expect(width.files).toBe(100);
});

describe('these tests find', () => {
  const openAt = libcFiles.openAt!;
  const withFlags = (change: (flags: number) => number): Partial<Files> => ({
    openAt: { ...openAt, file: (at, name, flags) => openAt.file(at, name, change(flags)) },
  });

  it('a link that is followed', () => {
    const root = makeTree({ 'd/link': { symlink: '../outside' }, outside: 'outside' });
    const files = withFlags((flags) => flags & ~fs.constants.O_NOFOLLOW);
    const { asked } = askAhead(root, [filesIn(root, 'd', ['link'])], { files });
    expect(asked).toEqual(['outside']);
  });

  it('a fifo that is waited for', () => {
    const flags: number[] = [];
    const root = makeTree({ 'd/fifo': { fifo: true } });
    askAhead(root, [filesIn(root, 'd', ['fifo'])], {
      files: withFlags((given) => flags.push(given) && given),
    });
    expect(flags.map((given) => given & fs.constants.O_NONBLOCK)).toEqual([
      fs.constants.O_NONBLOCK,
    ]);
  });

  it('descriptors that stay open', () => {
    const root = makeTree({ 'd/a': 'a', 'd/b': 'b' });
    const left: SourceFd[] = [];
    onTestFinished(() => left.forEach(libcFiles.close));
    const files = { close: (fd: SourceFd) => void left.push(fd) };
    expect(() => askAhead(root, [filesIn(root, 'd', ['a', 'b'])], { files })).toThrow(/3 to be/);
  });
});
