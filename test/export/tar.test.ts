/** Exported archives, as GNU tar reads them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { exportTar } from '../../src/export/tar/export-tar.ts';
import { headersOf, type Member } from '../../src/export/tar/header.ts';
import { escapeName, toFsPath } from '../../src/names.ts';
import { type Entry, groupOf } from '../../src/snapshot/entry.ts';
import { demandProgram } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';

let root: string;
beforeEach((context) => {
  demandProgram(context, 'tar');
  root = join(temporaryDirectory(), 'store');
});

/** Contents that the store has, for `fileAt` with the same content. */
async function store(entries: readonly Entry[], contents: readonly (string | Buffer)[]) {
  await storeSnapshot(root, entries, { contents });
}

function archived(name = 'latest', options = {}): Promise<Buffer> {
  return buffer(exportTar(root, name, options));
}

/** What comes before the stream fails, and its failure. */
async function brokenOff(): Promise<{ archive: Buffer; failure: unknown }> {
  const chunks: Buffer[] = [];
  let failure: unknown;
  try {
    for await (const chunk of exportTar(root, 'latest')) chunks.push(chunk);
  } catch (error) {
    failure = error;
  }
  return { archive: Buffer.concat(chunks), failure };
}

/** Unpacks an archive; owners as far as this user may set them. */
function unpack(archive: Buffer, ...options: string[]) {
  const into = temporaryDirectory();
  const args = ['-x', '-p', '--no-same-owner', ...options, '-C', into];
  const { status, stderr } = spawnSync('tar', args, { input: archive });
  return { into, status, stderr: stderr.toString() };
}

async function unpacked(...args: Parameters<typeof archived>): Promise<string> {
  const { into, status, stderr } = unpack(await archived(...args));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return into;
}

/** The lines of `tar -tv`, with numbers for owners. */
function listed(archive: Buffer, ...options: string[]): string[] {
  const args = ['-tv', '--numeric-owner', '--full-time', '--quoting-style=literal', ...options];
  const env = { ...process.env, TZ: 'UTC' };
  return execFileSync('tar', args, { input: archive, env }).toString('latin1').trim().split('\n');
}

const SECOND = 1_000_000_000n;

describe('an archive', () => {
  it('unpacks to files, directories and links with their contents, modes and times', async () => {
    const empty = { ...fileAt('d/empty', ''), mode: 0 };
    const link = { type: 'link', path: 'd/l', uid: 1, gid: 2, mtime: 7n * SECOND } as const;
    const script = { ...fileAt('run', '#!/bin/sh\n'), mode: 0o4751, mtime: 5n };
    await store(
      [
        { ...directoryAt(''), mode: 0o750 } as Entry,
        { ...directoryAt('d'), mode: 0o700, mtime: 3n * SECOND } as Entry,
        { ...link, target: '../run' },
        { ...directoryAt('e'), mode: 0o777 } as Entry,
        ...[empty, script],
      ],
      ['', '#!/bin/sh\n'],
    );
    const into = await unpacked();
    const mtime = (path: string) => fs.lstatSync(join(into, path), { bigint: true }).mtimeNs;
    const mode = (path: string) => fs.statSync(join(into, path)).mode & 0o7777;
    expect(fs.readdirSync(into, { recursive: true }).sort()).toEqual(
      ['d', 'd/empty', 'd/l', 'e', 'run'].sort(),
    );
    expect(fs.readFileSync(join(into, 'run'), 'utf8')).toBe('#!/bin/sh\n');
    expect(fs.readlinkSync(join(into, 'd/l'))).toBe('../run');
    expect([mode(''), mode('d'), mode('e'), mode('d/empty'), mode('run')]).toEqual([
      ...[0o750, 0o700, 0o777, 0, 0o4751],
    ]);
    expect([mtime('d'), mtime('d/l'), mtime('run'), mtime('e')]).toEqual([
      ...[3n * SECOND, 7n * SECOND, 5n, fileAt('').mtime],
    ]);
  });

  it.each([
    ['before 1970', -1_500_000_000n],
    ['just before 1970', -1n],
    ['after 2106', 2n ** 33n * SECOND + 123_456_789n],
  ])('keeps a time %s', async (_, mtime) => {
    await store([{ ...fileAt('f', 'x'), mtime }], ['x']);
    // tar warns of such times.
    const { into, status } = unpack(await archived());
    expect(status).toBe(0);
    expect(fs.statSync(join(into, 'f'), { bigint: true }).mtimeNs).toBe(mtime);
  });

  it('has names of any bytes and lengths', async () => {
    const odd = [
      ...['-', '--checkpoint', 'a\tb', ' ', 'é', '😀', 'trail ', 'x'.repeat(100), 'y'.repeat(255)],
      ...['new\nline', 'back\\slash', '\u2028'].map((name) => escapeName(Buffer.from(name))),
      escapeName(Buffer.from([0xff, 0xfe, 0x41])),
      `${'d'.repeat(200)}/${'e'.repeat(200)}`,
    ];
    const directory = 'd'.repeat(200);
    const target = escapeName(Buffer.concat([Buffer.from([0xe9]), Buffer.alloc(300, 'z')]));
    const { uid, gid, mtime } = fileAt('');
    const link: Entry = { type: 'link', path: 'link', uid, gid, mtime, target };
    const files = odd.map((path, index) => fileAt(path, `content ${index}`));
    await store(
      [directoryAt(directory), link, ...files],
      odd.map((_, index) => `content ${index}`),
    );
    // GNU tar names a key of POSIX that it does not know, and takes the bytes as they are.
    const { into, status } = unpack(await archived(), '--warning=no-unknown-keyword');
    expect(status).toBe(0);
    for (const [index, path] of odd.entries())
      expect(fs.readFileSync(toFsPath(`${into}/${path}`), 'utf8')).toBe(`content ${index}`);
    expect(escapeName(fs.readlinkSync(`${into}/link`, { encoding: 'buffer' }))).toBe(target);
  });

  it('has each name of a group of hard links once as a file, then as a link', async () => {
    const group = groupOf('a');
    const one = { ...fileAt('a', 'same'), group };
    const names = ['a', 'b/c', 'z'].map((path) => ({ ...one, path }));
    const other = { ...fileAt('q', 'lie'), group };
    await store([directoryAt('b'), ...names, other], ['same', 'lie']);
    const into = await unpacked();
    const inode = (path: string) => fs.statSync(join(into, path)).ino;
    expect([inode('b/c'), inode('z')]).toEqual([inode('a'), inode('a')]);
    expect(fs.readFileSync(join(into, 'z'), 'utf8')).toBe('same');
    // What only claims to be of the group is a file of its own.
    expect(fs.readFileSync(join(into, 'q'), 'utf8')).toBe('lie');
  });

  it('has extended attributes', async (context) => {
    const value = Buffer.from([0, 255, 10]);
    const xattrs = [
      { name: 'user.a=b%c', value },
      { name: 'user.empty', value: Buffer.alloc(0) },
    ];
    await store([{ ...fileAt('f', 'x'), xattrs }], ['x']);
    const { into, status, stderr } = unpack(await archived(), '--xattrs');
    if (/not supported/i.test(stderr)) context.skip('the file system has no such attributes');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(xattrsOf(join(into, 'f'))).toEqual({ 'user.a=b%c': '00ff0a', 'user.empty': '' });
  });

  it('names owners by the table of the snapshot, and by numbers of any size', async () => {
    const file = { ...fileAt('f', 'x'), uid: 4_294_967_294, gid: 7 };
    await storeSnapshot(root, [file], {
      contents: ['x'],
      users: [[4_294_967_294, 'maja']],
      groups: [[7, 'x'.repeat(40)]],
    });
    const archive = await archived();
    expect(listed(archive)[0]).toMatch(/^-rw-r--r-- 4294967294\/7 +1 2023-11-14/);
    const [named] = execFileSync('tar', ['-tv'], { input: archive }).toString().split('\n');
    expect(named).toContain(`maja/${'x'.repeat(40)}`);
  });

  it('is that of a directory in it, or of a file', async () => {
    await store([directoryAt('d'), directoryAt('d/e'), fileAt('d/e/f', 'x')], ['x']);
    expect(fs.readdirSync(await unpacked('latest:d'), { recursive: true }).sort()).toEqual([
      'e',
      'e/f',
    ]);
    expect(fs.readdirSync(await unpacked('latest:d/e/f'))).toEqual(['f']);
  });

  it('has no entries that the snapshot lacks, and reports them', async () => {
    const missing: Entry = { type: 'missing', path: 'm', why: 'EACCES' };
    await store([fileAt('f', 'x'), missing], ['x']);
    const met: Entry[] = [];
    const archive = await archived('latest', { onMissing: (entry: Entry) => met.push(entry) });
    expect(listed(archive)).toHaveLength(1);
    expect(met).toEqual([missing]);
  });

  it('has contents of all sizes around a block and a chunk', async () => {
    const sizes = [1, 511, 512, 513, 262_143, 262_144, 262_145, 1_000_000];
    const contents = sizes.map((size) => Buffer.alloc(size, `${size} `));
    const files = contents.map((content) => ({
      ...fileAt(`f${content.length}`),
      size: content.length,
      digest: digestOf(content),
    }));
    await store(files, contents);
    const into = await unpacked();
    for (const content of contents)
      expect(fs.readFileSync(join(into, `f${content.length}`)).equals(content)).toBe(true);
  });

  it('is read no further than its reader is, but for what is read ahead', async () => {
    const content = 'c'.repeat(200_000);
    const files = Array.from({ length: 200 }, (_, n) => fileAt(`f${n}`, content));
    await store(
      files.sort((a, b) => (a.path < b.path ? -1 : 1)),
      [content],
    );
    let exported = 0;
    const stream = exportTar(root, 'latest', { onEntry: () => void exported++ });
    await once(stream, 'readable');
    for (let turn = 0; turn < 1000; turn++) await setImmediate();
    expect(exported).toBeLessThan(60);
    expect((await buffer(stream)).length).toBeGreaterThan(200 * 200_000);
    expect(exported).toBe(200);
  });

  it('of an empty tree is empty', async () => {
    await store([], []);
    const { status, stderr } = unpack(await archived());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('an archive with a damaged content', () => {
  // What is held back fits into less than a block.
  const LARGE = (512 << 10) + 100;
  const contents = { small: 'small', empty: '', large: 'l'.repeat(LARGE) };
  const pathOf = (content: string) => join(root, digestOf(Buffer.from(content)));
  const spoil = (content: string, bytes: string) => {
    fs.rmSync(pathOf(content));
    fs.writeFileSync(pathOf(content), bytes);
  };

  it.each([
    ['other bytes', 'small', 'smalL'],
    ['too few bytes', 'small', 'smal'],
    ['too many bytes', 'small', 'smaller'],
    ['bytes where there were none', 'empty', 'x'],
    ['another last byte', 'large', `${'l'.repeat(LARGE - 1)}L`],
    ['too few bytes', 'large', 'l'.repeat(LARGE - 1)],
    ['no object', 'small', undefined],
    ['no object', 'large', undefined],
  ] as const)('breaks off: %s in a %s file', async (_, name, bytes) => {
    const content = contents[name];
    for (const [index, path] of ['a', 'z'].entries()) {
      const other = { ...fileAt(path === 'a' ? 'z' : 'a', 'other') };
      root = join(temporaryDirectory(), `store${index}`);
      await store([fileAt(path, content), other], [content, 'other']);
      if (bytes === undefined) fs.rmSync(pathOf(content));
      else spoil(content, bytes);
      const { failure, archive } = await brokenOff();
      expect(failure).toMatchObject({ code: 'INGOT_DAMAGED', path });
      const { into, status, stderr } = unpack(archive);
      expect(status).toBe(2);
      expect(stderr).toContain('Unexpected EOF in archive');
      const at = join(into, path);
      if (fs.existsSync(at)) expect(fs.statSync(at).size).toBeLessThan(content.length);
    }
  });

  it('breaks off where a part of the snapshot is missing', async () => {
    await store([fileAt('a', 'x')], ['x']);
    const segments = join(root, '.ingot/segments');
    for (const name of fs.readdirSync(segments)) fs.rmSync(join(segments, name));
    const { failure, archive } = await brokenOff();
    expect(failure).toMatchObject({ code: 'INGOT_DAMAGED' });
    expect(unpack(archive).status).toBe(2);
  });
});

describe('a header', () => {
  const facts: Member = {
    ...{ type: 'file', path: Buffer.from('big'), mode: 0o644, uid: 1, gid: 2 },
    ...{ size: 9 * 2 ** 30 + 1, mtime: 0n },
  };

  it('holds a size above 8 GiB', () => {
    const file = join(temporaryDirectory(), 'tar');
    const header = headersOf(facts);
    fs.writeFileSync(file, header);
    fs.truncateSync(file, header.length + facts.size + 511 + 1024);
    const [line] = execFileSync('tar', ['-tvf', file, '--numeric-owner']).toString().split('\n');
    expect(line).toMatch(/^-rw-r--r-- 1\/2 +9663676417 .* big$/);
  });
});

function xattrsOf(path: string): Record<string, string> {
  const text = execFileSync('python3', ['-c', XATTRS, path]).toString();
  return JSON.parse(text) as Record<string, string>;
}
const XATTRS =
  'import os,sys,json; f=sys.argv[1]; print(json.dumps({n: os.getxattr(f,n).hex() for n in os.listxattr(f)}))';
