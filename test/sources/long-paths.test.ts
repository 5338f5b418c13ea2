import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { numberOf } from '../../src/native/descriptor.ts';
import { type Files, nodeFiles } from '../../src/native/files.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { LongPaths } from '../../src/sources/long-paths.ts';
import { SourceDirectory } from '../../src/sources/source-directory.ts';
import { readDirectory } from '../../src/sources/walk/directory.ts';
import { countOpenIn } from '../harness/open-files.ts';
import { temporaryDirectory } from '../harness/tree.ts';

/** As long as a name may be. */
const LEVEL = 'l'.repeat(255);
const LEVELS = 40;

let top: string;
/** Ten kilobytes below it. */
let bottom: string;
let libcFiles: Files;

beforeEach(async () => {
  top = temporaryDirectory();
  bottom = [top, ...Array.from({ length: LEVELS }, () => LEVEL)].join('/');
  // No call could make it from the top.
  const dig = `for (let n = 0; n < ${LEVELS}; n++) { fs.mkdirSync('${LEVEL}'); process.chdir('${LEVEL}'); }
    fs.writeFileSync('file', 'at the bottom');`;
  execFileSync(process.execPath, ['-e', dig], { cwd: top });
  libcFiles = (await loadLibc())!.files;
});

function longPaths(files = nodeFiles): LongPaths {
  const long = new LongPaths(files);
  onTestFinished(() => long.close());
  return long;
}

const withOpenAt = () => libcFiles;
const withoutOpenAt = () => nodeFiles;

it('a path that a call takes stays as it is', () => {
  const path = join(top, 'file');
  expect(longPaths().lead(path)).toEqual({ rest: path });
  expect(longPaths().shorten(path)).toBe(path);
});

describe.each([
  ['through the C library', withOpenAt],
  ['through /proc', withoutOpenAt],
])('what lies deeper than a path may be long, %s,', (_, opener) => {
  it.each([
    ['as text', (path: string) => path],
    ['as bytes', (path: string) => Buffer.from(path)],
    ['with slashes that repeat', (path: string) => path.replaceAll('/', '/'.repeat(4_000))],
  ])('is found where its path leads: %s', (__, form) => {
    const path = form(`${bottom}/file`);
    expect(() => fs.readFileSync(path)).toThrow('ENAMETOOLONG');
    const short = longPaths(opener()).shorten(path);
    expect(fs.readFileSync(short, 'utf8')).toBe('at the bottom');
  });

  it('is opened as a file of its directory', () => {
    const walked = { directory: bottom, withoutLinks: bottom };
    const directory = new SourceDirectory(walked, opener(), longPaths(opener()));
    const fd = directory.open('file');
    expect(fs.readFileSync(numberOf(fd), 'utf8')).toBe('at the bottom');
    opener().close(fd);
    directory.close();
  });

  it('is looked for below what is open already, and nothing stays open in the end', () => {
    const long = longPaths(opener());
    for (let level = 1; level <= LEVELS; level++) {
      const path = bottom.split('/').slice(0, -level).join('/');
      expect(fs.readdirSync(long.shorten(path))).toEqual([LEVEL]);
      expect(countOpenIn(top)).toBeLessThan(2);
    }
    const short = long.shorten(`${bottom}/file`);
    expect(countOpenIn(top)).toBe(1);
    // From the top its path leads there no more.
    fs.renameSync(join(top, LEVEL), join(top, 'moved'));
    expect(long.shorten(`${bottom}/file`)).toEqual(short);
    expect(fs.readFileSync(short, 'utf8')).toBe('at the bottom');
    long.close();
    expect(() => long.shorten(`${bottom}/file`)).toThrow('ENOENT');
    expect(countOpenIn(top)).toBe(0);
  });

  it('is not, when a name alone is too long', () => {
    const name = 'n'.repeat(5_000);
    for (const path of [`${top}/${name}`, `${bottom}/${name}`, name])
      expect(() => fs.statSync(longPaths(opener()).shorten(path))).toThrow('ENAMETOOLONG');
  });
});

describe('a link on a long way', () => {
  /** In the midst of the way to the bottom, far below the top. */
  const putLink = (above: number): void => {
    const middle = bottom.split('/').slice(0, -above).join('/');
    const name = longPaths().shorten(`${middle}/${LEVEL}`);
    fs.renameSync(name, longPaths().shorten(`${middle}/moved`));
    fs.symlinkSync('moved', name);
  };

  it.each([
    ['its first part', LEVELS - 2],
    ['a later one', LEVELS / 2],
    ['the rest', 2],
  ])('leads no worker astray: in %s', (_, above) => {
    putLink(above);
    const walked = { directory: bottom, withoutLinks: bottom };
    const directory = new SourceDirectory(walked, libcFiles, longPaths(libcFiles));
    expect(() => directory.open('file')).toThrow('ENOTDIR');
  });

  it('is followed without the C library, as on a short one', () => {
    putLink(LEVELS / 2);
    const path = longPaths().shorten(`${bottom}/file`);
    expect(fs.readFileSync(path, 'utf8')).toBe('at the bottom');
  });
});

it('a large directory down there is read in chunks', () => {
  const path = longPaths().shorten(bottom);
  for (let n = 0; n < 1500; n++) fs.writeFileSync(`${path}/f${n}`, '');
  const sizes = Array.from(readDirectory(path, 2 << 20), (chunk) => chunk.length);
  expect(sizes).toEqual([1024, 477]);
});

it('an ingest of what lies down there leaves none of it open', async () => {
  const long = longPaths();
  fs.writeFileSync(long.shorten(`${bottom}/large`), Buffer.alloc(5 << 20));
  long.close();
  const store = join(temporaryDirectory(), 'store');
  const { outcomes } = await ingest(store, [top], { threads: 1 });
  expect(outcomes).toMatchObject({ new: 2, unreadable: 0 });
  expect(countOpenIn(top)).toBe(0);
});
