import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesBeginning } from '../../src/native/directory-names.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const PREFIX = Buffer.from('.tmp-');

/** The first begins as the prefix does, the second is shorter than it. */
const OTHERS = ['.tmp', '.t', 'tmp-a', '.TMP-a', 'x.tmp-a'];
/** Newline, a byte that is no UTF-8, the longest name. */
const BEGINNING = [
  '.tmp-',
  '.tmp-a\n',
  Buffer.from('.tmp-\xff', 'latin1'),
  `.tmp-${'b'.repeat(250)}`,
];

/** A directory with all of these, and more names than the kernel gives at a time. */
function crowded(): string {
  const directory = temporaryDirectory();
  const create = (name: string | Buffer) =>
    fs.writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name)]), '');
  for (let n = 0; n < 2_000; n++) create(String(n).padStart(64, '0'));
  for (const name of [...OTHERS, ...BEGINNING]) create(name);
  return directory;
}

const libc = (await loadLibc())!;

describe.each([
  ['getdents64', libc],
  ["Node's Dir", { readEntries: undefined }],
])('names by %s', (_, way) => {
  it('are those that begin so, byte for byte, however many others there are', async () => {
    const found = await namesBeginning(PREFIX, crowded(), way);
    const names = found.map((name) => name.toString('latin1'));
    const expected = BEGINNING.map((name) => Buffer.from(name).toString('latin1'));
    expect(names.sort()).toEqual(expected.sort());
  });

  it('are found by a path of bytes', async () => {
    const odd = Buffer.concat([Buffer.from(`${temporaryDirectory()}/`), Buffer.from([0xfe])]);
    fs.mkdirSync(odd);
    fs.writeFileSync(Buffer.concat([odd, Buffer.from('/.tmp-c')]), '');
    expect((await namesBeginning(PREFIX, odd, way)).map(String)).toEqual(['.tmp-c']);
  });

  it.each([
    ['missing', 'ENOENT'],
    ['file', 'ENOTDIR'],
  ])('of no directory: %s is %s', async (name, code) => {
    const path = join(makeTree({ file: '' }), name);
    const call = () => namesBeginning(PREFIX, path, way);
    await expect(call()).rejects.toThrow(expect.objectContaining({ code }));
  });
});

it('a failed read of the names is thrown, and leaves nothing open', async () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  const fails = () => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const call = () => namesBeginning(PREFIX, temporaryDirectory(), { readEntries: fails });
  await expect(call()).rejects.toThrow('EIO');
  expect(open()).toBe(before);
});

it('getdents64 names the call that fails', () => {
  const fd = fs.openSync(join(makeTree({ file: '' }), 'file'), 'r');
  const call = () => libc.readEntries!(fd, Buffer.alloc(1024));
  expect(call).toThrow(expect.objectContaining({ code: 'ENOTDIR', syscall: 'scandir' }));
  fs.closeSync(fd);
});

it('the event loop turns while a directory is listed that takes its time', async () => {
  const slowly: (typeof libc)['readEntries'] = (fd, into) => {
    for (const begun = performance.now(); performance.now() < begun + 60; );
    return libc.readEntries!(fd, into.subarray(0, 32 * 1024));
  };
  let isListing = true;
  let turns = 0;
  setImmediate(function turn() {
    turns++;
    if (isListing) setImmediate(turn);
  });
  await namesBeginning(PREFIX, crowded(), { readEntries: slowly });
  isListing = false;
  expect(turns).toBeGreaterThan(3);
});
