/** Manifests, bags and composefs-dump(5) of snapshots. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { exportBag } from '../../src/export/export-bag.ts';
import { exportComposefs } from '../../src/export/export-composefs.ts';
import { exportManifest } from '../../src/export/export-manifest.ts';
import { exportTar } from '../../src/export/tar/export-tar.ts';
import { escapeName, toBytes } from '../../src/names.ts';
import { type Entry, groupOf } from '../../src/snapshot/entry.ts';
import { relayout } from '../../src/store/relayout.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';

let root: string;
beforeEach(() => {
  root = join(temporaryDirectory(), 'store');
});

const ODD = [
  ...['-', 'a', '100%', ' lead', 'trail ', '*', '%0A', 'é'],
  ...['new\nline', 'carriage\rreturn', 'both\r\n', 'back\\slash', '\\n'].map((name) =>
    escapeName(Buffer.from(name)),
  ),
];
const NOT_UTF8 = escapeName(Buffer.from([0x61, 0xff]));

/** A snapshot of files with these names; each has another content. */
async function storeNamed(names: readonly string[], ...more: Entry[]): Promise<void> {
  const contents = names.map((_, index) => `content ${index}`);
  const files = names.map((name, index) => fileAt(name, contents[index]));
  await storeSnapshot(root, [...files, ...more], { contents });
}

async function unpack(stream: Readable, into = temporaryDirectory()): Promise<string> {
  const input = await buffer(stream);
  execFileSync('tar', ['-x', '--warning=no-unknown-keyword', '-C', into], { input });
  return into;
}

describe('a manifest', () => {
  it('is accepted by sha256sum -c in the tree, whatever the names are', async () => {
    await storeNamed([...ODD, NOT_UTF8, 'd/f'], directoryAt('d'));
    const cwd = await unpack(exportTar(root, 'latest'));
    const input = await buffer(exportManifest(root, 'latest'));
    const { status, stdout, stderr } = spawnSync('sha256sum', ['-c', '--strict'], { cwd, input });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
    expect(stdout.toString().trim().split('\n')).toHaveLength(ODD.length + 2);
  });

  it('is sorted by the bytes of the paths, and of a directory has its paths', async () => {
    await storeNamed(['d/a/x', 'd/a.b', 'd/a-b', 'e'], directoryAt('d'), directoryAt('d/a'));
    const lines = (await text(exportManifest(root, 'latest:d'))).trim().split('\n');
    expect(lines.map((line) => line.slice(66))).toEqual(['a-b', 'a.b', 'a/x']);
  });
});

describe('a bag', () => {
  /** As RFC 8493 has it: complete and valid. */
  function problemsOf(bag: string): string[] {
    const read = (name: string) => fs.readFileSync(join(bag, name));
    const problems: string[] = [];
    if (read('bagit.txt').toString() !== 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n')
      problems.push('bagit.txt is wrong');
    const listed = new Map<string, string>();
    for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt'])
      for (const line of read(manifest).toString().split('\n').slice(0, -1)) {
        const [, digest, path] = /^([0-9a-f]{64}) {2}(.*)$/.exec(line) ?? [];
        if (path === undefined) problems.push(`no line of a manifest: ${line}`);
        else listed.set(path.replace(/%0A|%0D|%25/g, decodeURIComponent), digest!);
      }
    for (const [path, digest] of listed)
      if (digestOf(read(path)) !== digest) problems.push(`${path} has another digest`);
    const payload = fs
      .readdirSync(join(bag, 'data'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const path of payload)
      if (!listed.has(path.slice(bag.length + 1))) problems.push(`${path} is in no manifest`);
    const octets = payload.reduce((sum, path) => sum + fs.statSync(path).size, 0);
    const info = read('bag-info.txt').toString();
    if (!info.includes(`\nPayload-Oxum: ${octets}.${payload.length}\n`)) problems.push(info);
    return problems;
  }

  it('is made of a tree in data/ and the exported files', async () => {
    await storeNamed([...ODD, 'd/f'], directoryAt('d'));
    const bag = temporaryDirectory();
    fs.mkdirSync(join(bag, 'data'));
    await unpack(exportTar(root, 'latest'), join(bag, 'data'));
    await unpack(exportBag(root, 'latest'), bag);
    expect(fs.readdirSync(bag).sort()).toEqual([
      ...['bag-info.txt', 'bagit.txt', 'data', 'manifest-sha256.txt', 'tagmanifest-sha256.txt'],
    ]);
    expect(problemsOf(bag)).toEqual([]);
    expect(fs.readFileSync(join(bag, 'bag-info.txt'), 'utf8')).toMatch(
      /^Bagging-Date: \d{4}-\d\d-\d\d\nExternal-Identifier: \d{8}T\d{6}Z-[0-9a-f]{8}\n/,
    );
  });

  it('is refused for a name that is not UTF-8, before anything is written', async () => {
    await storeNamed([NOT_UTF8]);
    const chunks: Buffer[] = [];
    const failure = await (async () => {
      for await (const chunk of exportBag(root, 'latest')) chunks.push(chunk);
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INGOT_NOT_UTF8', path: NOT_UTF8 });
    expect(chunks).toEqual([]);
  });

  it('reports links, once each', async () => {
    const { uid, gid, mtime } = fileAt('');
    await storeNamed([], { type: 'link', path: 'l', uid, gid, mtime, target: 't' });
    const links: string[] = [];
    await buffer(exportBag(root, 'latest', { onLink: ({ path }) => void links.push(path) }));
    expect(links).toEqual(['l']);
  });
});

interface Dumped {
  readonly path: string;
  readonly [field: string]: string;
}

/** As composefs-dump(5) says. Names are latin1, a character a byte. */
function parseDump(dump: string): Dumped[] {
  const unescaped = (field: string) => {
    expect(field).toMatch(/^(?:[!-[\]-~]|\\(?:x[0-9a-f]{2}|[\\nrt]))*$/);
    return field.replace(/\\x(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  };
  const optional = (field: string) => (field === '-' ? '' : unescaped(field));
  expect(dump.endsWith('\n')).toBe(true);
  return dump
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const fields = line.split(' ');
      const [path, size, mode, nlink, uid, gid, rdev, mtime, payload, content, digest] = fields;
      for (const number of [size, nlink, uid, gid, rdev]) expect(number).toMatch(/^\d+$/);
      expect(mode).toMatch(/^@?[0-7]+$/);
      expect(mtime).toMatch(/^-?\d+\.\d{1,9}$/);
      expect([content, digest]).toEqual(['-', '-']);
      const xattrs = fields.slice(11).map((pair) => {
        const [name, value, ...more] = pair.split('=');
        expect(more).toEqual([]);
        return [unescaped(name!), unescaped(value!)];
      });
      return {
        ...{
          path: unescaped(path!),
          size: size!,
          mode: mode!,
          mtime: mtime!,
          uid: uid!,
          gid: gid!,
        },
        payload: optional(payload!),
        ...Object.fromEntries(xattrs),
      };
    });
}

describe('a dump for composefs', () => {
  const dumped = async (name = 'latest') => parseDump(await text(exportComposefs(root, name)));

  it('has a line for each entry, its directory before it, and objects as payloads', async () => {
    const { uid, gid } = fileAt('');
    const target = escapeName(Buffer.from('to a\n\\'));
    const xattrs = [{ name: 'user.a=b', value: Buffer.from([0, 61]) }];
    const files = [{ ...fileAt('d/f', 'x'), xattrs }, fileAt('-', '')];
    const link: Entry = { type: 'link', path: 'l', uid, gid, mtime: -1n, target };
    const named = ODD.map((name) => fileAt(`d/${name}`, 'x'));
    await storeSnapshot(root, [directoryAt('d'), link, ...files, ...named], {
      contents: ['x', ''],
    });
    const lines = await dumped();
    const byPath = new Map(lines.map((line) => [line.path, line]));
    expect(lines[0]).toMatchObject({ path: '/', mode: '40755' });
    for (const { path } of lines.slice(1)) {
      const above = path.slice(0, path.lastIndexOf('/')) || '/';
      const at = lines.findIndex((line) => line.path === above);
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at).toBeLessThan(lines.findIndex((line) => line.path === path));
    }
    for (const name of ODD)
      expect(byPath.has(`/d/${toBytes(name).toString('latin1')}`), name).toBe(true);
    const x = digestOf(Buffer.from('x'));
    expect(byPath.get('/d/f')).toEqual({
      ...{ path: '/d/f', size: '1', mode: '100644', mtime: '1700000000.123456789' },
      ...{ uid: '1000', gid: '1000', payload: x, 'user.a=b': '\0=' },
    });
    expect(byPath.get('/-')).toMatchObject({ size: '0', payload: '' });
    expect(byPath.get('/l')).toMatchObject({
      ...{ mode: '120777', payload: 'to a\n\\', size: '6', mtime: '-1.999999999' },
    });
  });

  it('names the objects where they lie', async () => {
    await storeSnapshot(root, [fileAt('f', 'x')], { contents: ['x'] });
    await relayout(root, 'sharded');
    const payload = (await dumped()).at(-1)!.payload!;
    expect(payload).toMatch(/^[0-9a-f]{2}\/[0-9a-f]{64}$/);
    expect(fs.readFileSync(join(root, payload), 'utf8')).toBe('x');
  });

  it('has the further names of a file as hard links', async () => {
    const one = { ...fileAt('a', 'x'), group: groupOf('a') };
    await storeSnapshot(root, [one, { ...one, path: 'b' }], { contents: ['x'] });
    const lines = await dumped();
    expect(lines.at(-1)).toMatchObject({ path: '/b', mode: '@100644', payload: '/a' });
  });

  it('fails where an object is missing or has another size', async () => {
    await storeSnapshot(root, [fileAt('f', 'x')]);
    await expect(dumped()).rejects.toMatchObject({ code: 'INGOT_DAMAGED', path: 'f' });
    fs.writeFileSync(join(root, digestOf(Buffer.from('x'))), 'xx');
    await expect(dumped()).rejects.toMatchObject({ code: 'INGOT_DAMAGED', path: 'f' });
  });
});
