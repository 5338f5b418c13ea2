import fs from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { escapeName, toBytes } from '../../../src/names.ts';
import { splitPathList } from '../../../src/sources/walk/files-from.ts';
import { planWalk, walkSources } from '../../../src/sources/walk/walk-sources.ts';
import { makeTree } from '../../harness/tree.ts';
import { RecordingSink } from './recording-sink.ts';
import { standsStillAt, walk } from './walking.ts';

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function split(bytes: Buffer, nul: boolean, length = 7): Promise<string[]> {
  const paths: string[] = [];
  const input = inPieces(bytes, length);
  for await (const some of splitPathList(input, { file: 'list', nul })) paths.push(...some);
  return paths;
}

/** Writes paths (escaped) as a list beside the tree, and walks it. */
async function walkListed(
  root: string,
  paths: readonly string[],
  more = {},
): Promise<RecordingSink> {
  const list = `${root}.list`;
  fs.writeFileSync(list, Buffer.concat(paths.map((path) => toBytes(`${root}/${path}\0`))));
  try {
    return await walk([], { filesFrom: list, nul: true, ...more });
  } finally {
    fs.rmSync(list);
  }
}

test.each([true, false])(
  'paths come out byte for byte wherever reads cut (NUL: %s)',
  async (nul) => {
    const separator = nul ? 0 : 0x0a;
    const path = fc
      .uint8Array({ min: 1, minLength: 1, maxLength: 8 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === separator ? 0x2e : byte))));
    await fc.assert(
      fc.asyncProperty(fc.array(path), fc.integer({ min: 1, max: 9 }), async (paths, length) => {
        // Not with what may be a byte order mark.
        fc.pre(nul || (paths[0]?.[0] ?? 0) < 0xef);
        const list = Buffer.concat(paths.flatMap((bytes) => [bytes, Buffer.from([separator])]));
        expect(await split(list, nul, length)).toEqual(paths.map((bytes) => escapeName(bytes)));
      }),
    );
  },
);

test('a byte order mark before lines is no part of a path wherever reads cut', async () => {
  for (const length of [1, 2, 3, 100])
    expect(await split(Buffer.from('\ufeffa\n\ufeffb\n'), false, length)).toEqual(['a', '\ufeffb']);
  expect(await split(Buffer.from('\ufeffa\0'), true, 1)).toEqual(['\ufeffa']);
  expect(await split(Buffer.from([0xef, 0xbb]), false, 1)).toEqual(['\udcef\udcbb']);
});

test('empty entries are skipped, and the last one needs no separator', async () => {
  expect(await split(Buffer.from('\n\na\n\nb'), false)).toEqual(['a', 'b']);
  expect(await split(Buffer.alloc(0), false)).toEqual([]);
});

test('what is no list of paths is a usage error, not a growing buffer', async () => {
  await expect(split(Buffer.from('a\0b\0'), false)).rejects.toThrow(/--null/);
  await expect(split(Buffer.alloc(100_000, 'a'), true, 4096)).rejects.toBeInstanceOf(UsageError);
  const found: number[] = [];
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.alloc(found.push(1) && 4096, 'a');
  }
  const all = async () => {
    for await (const _ of splitPathList(endless(), { file: 'list', nul: false }));
  };
  await expect(all()).rejects.toMatchObject({ code: 'INGOT_BAD_LIST' });
  expect(found.length).toBeLessThan(20);
});

test('an entry that is too long for any path is refused wherever reads cut', async () => {
  const list = (length: number) => Buffer.from(`a\n${'x'.repeat(length)}\nb\n`);
  for (const piece of [4096, 1 << 20]) {
    expect(await split(list(65_536), false, piece)).toHaveLength(3);
    await expect(split(list(65_537), false, piece)).rejects.toThrow(/too long for a path/);
  }
});

test('a list that is missing or a directory is a usage error before the walk', async () => {
  const root = makeTree({});
  for (const file of [`${root}/missing`, root])
    await expect(planWalk({ sources: [], filesFrom: file })).rejects.toBeInstanceOf(UsageError);
});

test('listed files, directories and odd names are ingested', async () => {
  const root = makeTree({ 'a/f': '', 'a/g': '', 'b/c/h': '', 'odd\udcff\udc0a': '', left: '' });
  const sink = await walkListed(root, ['a/f', 'b/', 'odd\udcff\udc0a']);
  expect(sink.below(root)).toEqual(['a/f', 'b/c/h', 'odd\udcff\udc0a']);
});

test('a path without a directory is taken from the current one', async () => {
  const root = makeTree({ f: '', list: 'f\n' });
  const before = process.cwd();
  process.chdir(root);
  try {
    const sink = await walk([], { filesFrom: 'list' });
    expect(sink.chunks).toEqual([{ directory: '.', inTree: '', names: ['f'], areLinks: false }]);
  } finally {
    process.chdir(before);
  }
});

test.each([
  ['file twice', ['a/f', 'a/f', './a/f', 'a/../a/f'], ['a/f']],
  ['file before its directory', ['a/f', 'a'], ['a/b/g', 'a/f']],
  ['file after its directory', ['a', 'a/f'], ['a/b/g', 'a/f']],
  ['directory inside another', ['a/b', 'a', 'a/b'], ['a/b/g', 'a/f']],
  ['everything that find prints', ['.', 'a', 'a/f', 'a/b', 'a/b/g'], ['a/b/g', 'a/f']],
])('what is listed more than once counts once: %s', async (_, paths, expected) => {
  const root = makeTree({ 'a/f': '', 'a/b/g': '' });
  const sink = await walkListed(root, paths);
  const real = sink.found.map((path) => fs.realpathSync(path).slice(root.length + 1));
  expect(real.sort()).toEqual(expected);
});

test.each([
  [
    'listed twice',
    ['a/link', 'a/pipe', 'a/gone', 'no/gone', 'a/link', 'a/pipe', 'a/gone', 'no/gone'],
  ],
  [
    'listed in two spellings',
    ['a/link', './a/link', 'a/pipe', 'a/../a/pipe', 'a/gone', './a/gone', 'no/gone'],
  ],
  ['met in a listed directory', ['a', 'a/link', 'a/pipe', 'a/gone', 'no/gone']],
])('what is no file or missing counts once, too: %s', async (_, paths) => {
  const root = makeTree({ 'a/f': '', 'a/link': { symlink: 'f' }, 'a/pipe': { fifo: true } });
  const sink = await walkListed(root, paths);
  expect(sink.links).toEqual([`${root}/a/link`]);
  expect(Object.values(sink.unsupportedPaths)).toEqual(['fifo']);
  expect(sink.failures).toBe(3);
});

test('a listed link in the store is left out with it', async () => {
  const root = makeTree({ 'store/link': { symlink: 'x' } });
  const list = `${root}.list`;
  fs.writeFileSync(list, `${root}/store/link\n`);
  const sink = await walk([], { filesFrom: list }, { storeRoot: `${root}/store` });
  expect([sink.links, sink.failures]).toEqual([[], 0]);
  expect(sink.notices.length).toBe(1);
  fs.rmSync(list);
});

test('a file that is named as a source and listed counts once', async () => {
  const root = makeTree({ f: '', list: '' });
  fs.writeFileSync(`${root}/list`, `${root}/f\n`);
  const sink = await walk([`${root}/f`], { filesFrom: `${root}/list` });
  expect(sink.found).toEqual([`${root}/f`]);
});

test('a listed path that is missing is unreadable, a link is one, a fifo is unsupported', async () => {
  const root = makeTree({ f: '', link: { symlink: 'f' }, pipe: { fifo: true } });
  const sink = await walkListed(root, ['missing', 'f/below', 'link', 'pipe', 'f']);
  expect(sink.vanishedPaths).toEqual({});
  expect(sink.unreadablePaths).toEqual({
    [`${root}/missing`]: 'ENOENT',
    [`${root}/f/below`]: 'ENOTDIR',
  });
  expect(sink.links).toEqual([`${root}/link`]);
  expect(sink.unsupportedPaths).toEqual({ [`${root}/pipe`]: 'fifo' });
  expect(sink.found).toEqual([`${root}/f`]);
});

test('a listed file with a slash at its end is told with it, and counts without', async () => {
  const root = makeTree({ f: '' });
  const sink = await walkListed(root, ['f/', 'f', 'f/']);
  expect(sink.unreadablePaths).toEqual({ [`${root}/f/`]: 'ENOTDIR' });
  expect(sink.failures).toBe(1);
  expect(sink.found).toEqual([`${root}/f`]);
});

test('a listed path too long for the kernel is unreadable', async () => {
  const root = makeTree({ f: '' });
  const sink = await walkListed(root, ['x'.repeat(5000), 'f']);
  expect(Object.values(sink.unreadablePaths)).toEqual(['ENAMETOOLONG']);
  expect(sink.found).toEqual([`${root}/f`]);
});

test('files listed one after another in a directory are handed over together', async () => {
  const names = Array.from({ length: 1500 }, (_, i) => `a/${i}`);
  const root = makeTree({ ...Object.fromEntries(names.map((name) => [name, ''])), 'b/f': '' });
  const sink = await walkListed(root, [...names, 'b/f']);
  expect(sink.chunks.map((chunk) => chunk.names.length)).toEqual([1024, 476, 1]);
});

test('the list is read no faster than the sink takes files', async () => {
  const root = makeTree({ 'a/f': '', 'b/f': '', 'c/f': '', list: '' });
  fs.writeFileSync(`${root}/list`, ['a', 'b', 'c'].map((name) => `${root}/${name}/f\n`).join(''));
  const sink = new RecordingSink();
  let release = (): void => {};
  sink.hold = () => new Promise((resolve) => (release = resolve));
  const walked = walkSources(await planWalk({ sources: [], filesFrom: `${root}/list` }), {}, sink);
  for (let chunks = 1; chunks <= 3; chunks++) {
    await standsStillAt(sink, chunks);
    release();
  }
  await walked;
});

test('a list that comes through a pipe is read to its end', async () => {
  const root = makeTree({ 'a/f': '', list: { fifo: true } });
  const walked = walk([], { filesFrom: `${root}/list` });
  setTimeout(() => fs.writeFileSync(`${root}/list`, `${root}/a/f\n`), 20);
  expect((await walked).below(root)).toEqual(['a/f']);
});

test('an abort ends a walk that waits for its list', async () => {
  const root = makeTree({ list: { fifo: true } });
  const writer = fs.openSync(`${root}/list`, fs.constants.O_RDWR);
  const stop = new AbortController();
  const plan = await planWalk({ sources: [], filesFrom: `${root}/list` });
  const walked = walkSources(plan, { signal: stop.signal }, new RecordingSink());
  setTimeout(() => stop.abort(new Error('stop')), 20);
  await expect(walked).rejects.toThrow('stop');
  fs.closeSync(writer);
});
