import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { escapeName, toFsPath } from '../../../src/names.ts';
import { nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import { planWalk, walkSources } from '../../../src/sources/walk/walk-sources.ts';
import { makeTree, temporaryDirectory } from '../../harness/tree.ts';
import { RecordingSink } from './recording-sink.ts';
import { failing, standsStillAt, walk } from './walking.ts';

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

test('links are handed on, fifos and sockets are unsupported, and nothing is followed', async () => {
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
  const links = ['dangling', 'dir-link', 'file-link', 'loop'];
  expect(sink.links.sort()).toEqual(links.map((name) => `${root}/${name}`));
  expect(sink.unsupportedPaths).toEqual({
    [`${root}/sub/pipe`]: 'fifo',
    [`${root}/sub/socket`]: 'socket',
  });
});

test('a device is unsupported', async () => {
  const ops = failing('lstatSync', (path) => path !== '/dev', 'ENOENT');
  const sink = await walk(['/dev'], {}, { ops });
  expect(sink.unsupportedPaths['/dev/null']).toBe('device');
});

test('a thousand levels of directories overflow no stack', async () => {
  const path = Array.from({ length: 1500 }, () => 'd').join('/');
  const root = makeTree({ [`${path}/f`]: '' });
  expect((await walk([root])).below(root)).toEqual([`${path}/f`]);
});

test('a directory with thousands of directories overflows no stack', async () => {
  const root = temporaryDirectory();
  for (let i = 0; i < 3000; i++) fs.mkdirSync(`${root}/${i}`);
  expect((await walk([root])).directories).toBe(3001);
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
  const walked = walkSources(await planWalk({ sources: [root] }), {}, sink);
  for (let chunks = 1; chunks <= 3; chunks++) {
    await standsStillAt(sink, chunks);
    release();
  }
  await walked;
});

test('the walk stands still within a directory, too', async () => {
  const root = temporaryDirectory();
  for (let i = 0; i < 1100; i++) fs.writeFileSync(`${root}/${i}`, '');
  const sink = new RecordingSink();
  let release = (): void => {};
  sink.hold = () => new Promise((resolve) => (release = resolve));
  const walked = walkSources(await planWalk({ sources: [root] }), {}, sink);
  await standsStillAt(sink, 1);
  sink.hold = () => undefined;
  release();
  await walked;
  expect(sink.chunks.length).toBe(2);
});

test('an error of the sink ends the walk with that error', async () => {
  const root = makeTree({ f: '' });
  const sink = new RecordingSink();
  const broken = Object.assign(new Error('the sink is broken'), { code: 'EACCES' });
  sink.hold = () => Promise.reject(broken);
  await expect(walkSources(await planWalk({ sources: [root] }), {}, sink)).rejects.toBe(broken);
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
  const walked = walkSources(await planWalk({ sources: [root] }), { signal: stop.signal }, sink);
  await expect(walked).rejects.toBe(reason);
  expect(sink.found).toEqual([`${root}/f`]);
});

test('nothing is handed over any more after an abort', async () => {
  const root = makeTree({ 'a/f': '', 'b/f': '', f: '' });
  const sink = new RecordingSink();
  const stop = new AbortController();
  sink.hold = () => void stop.abort(new Error('stop'));
  const walked = walkSources(await planWalk({ sources: [root] }), { signal: stop.signal }, sink);
  await expect(walked).rejects.toThrow('stop');
  await standsStillAt(sink, 1);
  expect(sink.found).toEqual([`${root}/f`]);
});

test('a walk that is aborted before it begins looks at nothing', async () => {
  const root = makeTree({ f: '' });
  const ops = failing('statSync', () => true, 'EIO');
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(walk([root], {}, { signal, ops })).rejects.toThrow('stop');
});

test.each([
  ['read whole', 4096],
  ['streamed', 2 ** 30],
])('the event loop turns within a directory of fifos, %s', async (_, size) => {
  const root = temporaryDirectory();
  execFileSync('bash', ['-c', 'mkfifo {1..20000}'], { cwd: root });
  const sink = new RecordingSink();
  const stop = new AbortController();
  const { lstatSync, opendirSync, readdirSync, statSync } = nodeDirectoryOps;
  const ops = {
    ...{ lstatSync, opendirSync, readdirSync },
    statSync: (path: string | Buffer) => Object.assign(statSync(path), { size }),
  };
  const unsupported = sink.unsupported.bind(sink);
  sink.unsupported = (...entry) => {
    // Nothing but a turn of the event loop lets this come to pass.
    if (sink.failures === 0) setImmediate(() => stop.abort(new Error('stop')));
    unsupported(...entry);
  };
  const walked = walkSources(
    await planWalk({ sources: [root] }),
    { signal: stop.signal, ops },
    sink,
  );
  await expect(walked).rejects.toThrow('stop');
  expect(sink.failures).toBeLessThan(20_000);
});

test('the event loop turns once for each directory that takes its time', async () => {
  const root = makeTree(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}/f`, ''])));
  const slowly = (path: string | Buffer) => {
    for (const begun = performance.now(); performance.now() < begun + 2; );
    return nodeDirectoryOps.lstatSync(path);
  };
  let turns = 0;
  let walking = true;
  setImmediate(function turn() {
    turns++;
    if (walking) setImmediate(turn);
  });
  await walk([root], {}, { ops: { ...nodeDirectoryOps, lstatSync: slowly } });
  walking = false;
  expect(turns).toBeGreaterThanOrEqual(200);
});

test('the escaped form in a found path names the file on disk', async () => {
  const bytes = Buffer.from([0x66, 0xff, 0x0a, 0x5c]);
  const root = temporaryDirectory();
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), bytes]), 'content');
  const [path] = (await walk([root])).found;
  expect(path).toBe(`${root}/${escapeName(bytes)}`);
  expect(fs.readFileSync(toFsPath(path!), 'utf8')).toBe('content');
});
