import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { type DirectoryOps, nodeDirectoryOps } from '../../src/ingest/directory.ts';
import { escapeName, toFsPath } from '../../src/ingest/names.ts';
import { planWalk, walkSources } from '../../src/ingest/walk-sources.ts';
import { makeTree, temporaryDirectory } from '../tree.ts';
import { RecordingSink } from './recording-sink.ts';
import { failing, walk } from './walking.ts';

const ODD_NAMES = [
  ['a newline', 'a\udc0ab'],
  ['a carriage return', 'a\udc0db'],
  ['a backslash', 'a\udc5cb'],
  ['a trailing backslash', 'a\udc5c'],
  ['U+2028', 'a\udce2\udc80\udca8b'],
  ['U+2029', '\udce2\udc80\udca9'],
  ['invalid UTF-8', 'a\udcff\udcfe'],
  ['a cut UTF-8 sequence', '\udce2\udc80'],
  ['an encoded surrogate', '\udced\udca0\udc80'],
  ['non-ASCII letters', 'größe 日本 😀'],
  ['a leading dot', '.hidden'],
  ['three dots', '...'],
  ['two leading dots', '..a'],
  ['a leading exclamation mark', '!not'],
  ['a leading hash', '#comment'],
  ['brackets', '[ab]'],
  ['braces', '{a,b}'],
  ['a star', '*'],
  ['two stars', '**'],
  ['a question mark', 'a?'],
  ['parentheses', '@(a|b)'],
  ['spaces around', ' a '],
  ['a drive letter', 'C:'],
  ['a control character', '\u0001\u001b[31m'],
  ['a byte order mark', '\ufeffa'],
  ['the name of a prototype', '__proto__'],
] as const;

test.each(ODD_NAMES)(
  'a file, a directory and a source with %s in the name are walked',
  async (_, name) => {
    const root = makeTree({ [`top/${name}/${name}/${name}`]: 'x', [`top/${name}/f`]: 'y' });
    const expected = [`${name}/${name}/${name}`, `${name}/f`].sort();
    expect((await walk([`${root}/top`])).below(`${root}/top`)).toEqual(expected);
    const asSource = await walk([`${root}/top/${name}`]);
    expect(asSource.below(`${root}/top`)).toEqual(expected);
    for (const path of asSource.found) expect(fs.existsSync(toFsPath(path))).toBe(true);
  },
);

test('names that differ only in invalid bytes are all found', async () => {
  const names = Array.from({ length: 128 }, (_, i) => `n${String.fromCharCode(0xdc80 + i)}`);
  const root = makeTree(Object.fromEntries(names.map((name) => [name, name])));
  expect((await walk([root])).below(root)).toEqual(names.sort());
});

test('a source given with a raw newline or backslash reports escaped paths', async () => {
  const root = makeTree({ 'a\\b\nc/f': 'x' });
  expect((await walk([`${root}/a\\b\nc`])).below(root)).toEqual(['a\udc5cb\udc0ac/f']);
});

test('an empty directory has no entries and counts as one directory', async () => {
  const sink = await walk([temporaryDirectory()]);
  expect(sink.found).toEqual([]);
  expect(sink.directories).toBe(1);
});

test('every directory read is counted', async () => {
  const root = makeTree({ 'a/b/f': '', 'a/c': { directory: true }, d: { directory: true } });
  expect((await walk([root])).directories).toBe(5);
});

test('links, fifos and sockets are unsupported and never followed', async () => {
  const root = makeTree({
    'real/f': 'x',
    'dir-link': { symlink: 'real' },
    'file-link': { symlink: 'real/f' },
    dangling: { symlink: 'nowhere' },
    loop: { symlink: '.' },
    'sub/pipe': { fifo: true },
    'sub/socket': { socket: true },
  });
  const sink = await walk([root]);
  expect(sink.below(root)).toEqual(['real/f']);
  expect(sink.unsupportedPaths).toEqual({
    [`${root}/dir-link`]: 'symlink',
    [`${root}/file-link`]: 'symlink',
    [`${root}/dangling`]: 'symlink',
    [`${root}/loop`]: 'symlink',
    [`${root}/sub/pipe`]: 'fifo',
    [`${root}/sub/socket`]: 'socket',
  });
});

test('a device is unsupported', async () => {
  const ops = failing('lstatSync', (path) => path !== '/dev', 'ENOENT');
  const sink = await walk(['/dev'], {}, { ops });
  expect(sink.unsupportedPaths['/dev/null']).toBe('device');
});

test.each(['EACCES', 'EIO'])(
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

test('a path longer than PATH_MAX is one unreadable directory, and the walk goes on', async () => {
  const root = makeTree({ f: '' });
  const deeper = 'd=$(printf %0200d 0); for i in $(seq 30); do mkdir $d; cd -P $d; done';
  execFileSync('bash', ['-c', deeper], { cwd: root });
  const sink = await walk([root]);
  expect(Object.values(sink.unreadablePaths)).toEqual(['ENAMETOOLONG']);
  expect(sink.below(root)).toEqual(['f']);
});

test('a directory that is gone when its turn comes has vanished', async () => {
  const root = makeTree({ 'gone/f': '', 'here/f': '' });
  const ops = failing('lstatSync', (path) => path.endsWith('gone'), 'ENOENT', 'lstat');
  const sink = await walk([root], {}, { ops });
  expect(sink.vanishedPaths).toEqual({ [`${root}/gone`]: 'ENOENT' });
  expect(sink.below(root)).toEqual(['here/f']);
});

test('a directory that became a link before its turn is not followed', async () => {
  const root = makeTree({ 'swapped/f': '', 'other/g': '' });
  const ops: DirectoryOps = {
    ...nodeDirectoryOps,
    readdirSync: ((path: string, options: { withFileTypes: true }) => {
      const entries = fs.readdirSync(path, options);
      if (path === root) {
        fs.renameSync(`${root}/swapped`, `${root}-away`);
        fs.symlinkSync('other', `${root}/swapped`);
      }
      return entries;
    }) as unknown as DirectoryOps['readdirSync'],
  };
  const sink = await walk([root], {}, { ops });
  fs.rmSync(`${root}-away`, { recursive: true });
  expect(sink.below(root)).toEqual(['other/g']);
  expect(sink.unsupportedPaths).toEqual({ [`${root}/swapped`]: 'symlink' });
});

test('a process that runs out of descriptors waits for some to be closed', async () => {
  const root = makeTree({ 'a/f': '' });
  let left = 3;
  const ops = failing('readdirSync', (path) => path.endsWith('/a') && left-- > 0, 'EMFILE');
  const sink = await walk([root], {}, { ops });
  expect(sink.below(root)).toEqual(['a/f']);
  expect(sink.directories).toBe(2);
});

test('a machine out of memory fails the walk', async () => {
  const root = makeTree({ 'a/f': '' });
  const ops = failing('readdirSync', (path) => path.endsWith('/a'), 'ENOMEM');
  await expect(walk([root], {}, { ops })).rejects.toMatchObject({
    code: 'ENOMEM',
    path: `${root}/a`,
  });
});

test('a thousand levels of directories overflow no stack', async () => {
  const path = Array.from({ length: 1500 }, () => 'd').join('/');
  const root = makeTree({ [`${path}/f`]: '' });
  expect((await walk([root])).below(root)).toEqual([`${path}/f`]);
});

test('a directory with thousands of directories overflows no stack', async () => {
  const root = temporaryDirectory();
  for (let i = 0; i < 12_000; i++) fs.mkdirSync(`${root}/${i}`);
  expect((await walk([root])).directories).toBe(12_001);
});

test('files are handed over in chunks of at most 1,024 names', async () => {
  const root = temporaryDirectory();
  for (let i = 0; i < 2500; i++) fs.writeFileSync(`${root}/${i}`, '');
  const sink = await walk([root]);
  expect(sink.chunks.map(({ names }) => names.length)).toEqual([1024, 1024, 452]);
  expect(new Set(sink.found).size).toBe(2500);
});

test('the walk stands still while the sink is full', async () => {
  const root = makeTree({ 'a/f': '', 'b/f': '', f: '' });
  const sink = new RecordingSink();
  let release = (): void => {};
  sink.hold = () => new Promise((resolve) => (release = resolve));
  const walked = walkSources(planWalk({ sources: [root] }), {}, sink);
  for (let chunks = 1; chunks <= 3; chunks++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sink.chunks.length).toBe(chunks);
    release();
  }
  await walked;
});

test('an error of the sink ends the walk with that error', async () => {
  const root = makeTree({ f: '' });
  const sink = new RecordingSink();
  const broken = Object.assign(new Error('the sink is broken'), { code: 'EACCES' });
  sink.hold = () => Promise.reject(broken);
  await expect(walkSources(planWalk({ sources: [root] }), {}, sink)).rejects.toBe(broken);
  expect(sink.unreadablePaths).toEqual({});
});

test('an abort ends the walk although the sink is full', async () => {
  const root = makeTree({ 'a/f': '', f: '' });
  const sink = new RecordingSink();
  const stop = new AbortController();
  const reason = new Error('stop');
  sink.hold = () => {
    stop.abort(reason);
    return new Promise(() => {});
  };
  const walked = walkSources(planWalk({ sources: [root] }), { signal: stop.signal }, sink);
  await expect(walked).rejects.toBe(reason);
  expect(sink.found).toEqual([`${root}/f`]);
});

test('messages get through while a tree is walked', async () => {
  const root = makeTree(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}/f`, ''])));
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  const sink = new RecordingSink();
  sink.hold = () => new Promise((resolve) => setImmediate(resolve));
  await walkSources(planWalk({ sources: [root] }), {}, sink);
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
});

test('the escaped form in a found path names the file on disk', async () => {
  const bytes = Buffer.from([0x66, 0xff, 0x0a, 0x5c]);
  const root = temporaryDirectory();
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), bytes]), 'content');
  const [path] = (await walk([root])).found;
  expect(path).toBe(`${root}/${escapeName(bytes)}`);
  expect(fs.readFileSync(toFsPath(path!), 'utf8')).toBe('content');
});
