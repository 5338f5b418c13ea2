/** Snapshots that somebody planted, and targets that somebody changes: refused or harmless. */
import fs from 'node:fs';
import { join } from 'node:path';
import { type RestoredEntry, type RestoreReport, restore } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { AtStatus } from '../../src/native/at-status.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { type Entry, groupOf } from '../../src/snapshot/entry.ts';
import { MAX_PATH_BYTES } from '../../src/snapshot/limits.ts';
import { ingot } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';
import { pathsIn } from './snapshots.ts';

let folder: string;
let store: string;
let back: string;
let outside: string;
beforeEach(() => {
  folder = temporaryDirectory();
  store = join(folder, 'store');
  back = join(folder, 'back');
  outside = makeTree({ file: 'outside' }, join(folder, 'outside'));
});

const { uid, gid, mtime } = fileAt('x');
const linkAt = (path: string, to: string): Entry => ({
  ...{ type: 'link', path, uid, gid, mtime, target: to },
});

interface Told {
  readonly report: RestoreReport;
  readonly failed: readonly RestoredEntry[];
  readonly notices: readonly string[];
}

async function restoring(
  entries: readonly Entry[],
  contents: readonly string[],
  options = {},
): Promise<Told> {
  await storeSnapshot(store, entries, { contents });
  return again(options);
}

async function again(options = {}): Promise<Told> {
  const failed: RestoredEntry[] = [];
  const notices: string[] = [];
  const report = await restore(store, 'latest', back, {
    ...options,
    onEntry: (entry) => void failed.push(entry),
    onNotice: (text) => void notices.push(text),
  });
  return { report, failed, notices };
}

describe('a link in the target', () => {
  it('that a snapshot planted before is not written through', async () => {
    await restoring([linkAt('d', outside), linkAt('f', join(outside, 'file'))], []);
    expect(fs.readlinkSync(join(back, 'd'))).toBe(outside);
    const entries = [directoryAt('d'), fileAt('d/file'), fileAt('f')];
    for (const overwrite of ['never', 'if-changed', 'always']) {
      await restoring(entries, ['d/file', 'f'], { overwrite });
      expect(fs.readFileSync(join(outside, 'file'), 'utf8')).toBe('outside');
      expect(fs.readdirSync(outside)).toEqual(['file']);
    }
    expect(fs.lstatSync(join(back, 'd')).isDirectory()).toBe(true);
    expect(fs.readFileSync(join(back, 'f'), 'utf8')).toBe('f');
  });

  it('does not lead --delete out', async () => {
    await restoring([directoryAt('d')], []);
    fs.rmdirSync(join(back, 'd'));
    fs.symlinkSync(outside, join(back, 'd'));
    fs.symlinkSync(outside, join(back, 'e'));
    const { report } = await again({ overwrite: 'if-changed', delete: true });
    expect(report).toMatchObject({ removed: 2, failed: 0 });
    expect(pathsIn(outside)).toEqual(['', 'file']);
    expect(pathsIn(back)).toEqual(['', 'd']);
  });

  it('is no first name of a hard link', async () => {
    const group = groupOf('a/f');
    const both = { ...fileAt('f'), group };
    await restoring([{ ...both, path: 'a/f' }, { ...both, path: 'g' }, directoryAt('a')], ['f']);
    fs.rmSync(join(back, 'a'), { recursive: true });
    fs.rmSync(join(back, 'g'));
    fs.symlinkSync(outside, join(back, 'a'));
    fs.writeFileSync(join(outside, 'f'), 'f');
    const { report } = await again({ overwrite: 'never' });
    expect(report.failed).toBe(2);
    expect(fs.readFileSync(join(back, 'g'), 'utf8')).toBe('f');
    expect(fs.statSync(join(outside, 'f')).nlink).toBe(1);
  });
});

describe('the calls below a directory', async () => {
  const { at, files } = (await loadLibc())!;
  const opened = (from: number, path: string) => {
    const fd = at!.openDirectory(from, path);
    const status = new AtStatus();
    at!.statusOfOpen(fd, status);
    files.close(fd);
    return status.isDirectory;
  };

  it('follow no link, and do not lead out', () => {
    const tree = makeTree({ 'a/b/c': 'c', link: { symlink: 'a' }, 'a/up': { symlink: '../..' } });
    const fd = fs.openSync(tree, 'r');
    try {
      expect(opened(fd, 'a/b')).toBe(true);
      expect(opened(fd, '')).toBe(true);
      for (const path of ['link', 'link/b', 'a/up', 'a/up/x', 'a/b/c', '..', 'a/../..', '/', tree])
        expect(() => opened(fd, path)).toThrow(/ELOOP|ENOTDIR|EXDEV/);
      expect(() => at!.create(fd, 'link', 0o600)).toThrow(/EEXIST/);
    } finally {
      fs.closeSync(fd);
    }
  });

  it('reach what no path that the kernel takes leads to', async () => {
    const name = 'n'.repeat(200);
    const depth = Math.floor(MAX_PATH_BYTES / 201) - 1;
    const paths = Array.from({ length: depth }, (_, n) =>
      Array(n + 1)
        .fill(name)
        .join('/'),
    );
    const deepest = `${paths.at(-1)}/f`;
    const entries = [...paths.map((path) => directoryAt(path)), { ...fileAt('f'), path: deepest }];
    const { report } = await restoring(entries, ['f']);
    expect(report).toMatchObject({ directories: depth, files: 1, failed: 0 });
    const { report: left } = await again({ overwrite: 'if-changed', delete: true });
    expect(left).toMatchObject({ left: depth + 1, removed: 0, bytes: 0 });
  });
});

describe('a snapshot that lies', () => {
  it('about sizes has files that fail, and nothing of them stays', async () => {
    const large = 'x'.repeat(5 << 20);
    const lies = [
      { ...fileAt('more'), size: 2 },
      { ...fileAt('less'), size: 5000 },
      { ...fileAt('far-less'), size: 2 ** 52 },
      { ...fileAt('large-less', large), size: large.length - 1 },
      { ...fileAt('large-more', large), size: large.length + 1 },
      { ...fileAt('none'), size: 0 },
    ];
    const { report, failed } = await restoring(
      [...lies, fileAt('true')],
      ['more', 'less', 'far-less', 'none', 'true', large],
    );
    expect(report).toMatchObject({ files: 1, failed: 6 });
    expect(failed.map(({ failure }) => failure?.code)).toEqual(Array(6).fill('INGOT_DAMAGED'));
    expect(pathsIn(back)).toEqual(['', 'true']);
  });

  it('about hard links has files of their own, named once', async () => {
    const group = groupOf('a');
    const entries = [
      { ...fileAt('a'), group },
      { ...fileAt('b'), group },
      { ...fileAt('c', 'a'), group, mode: 0o600 },
      { ...fileAt('d', 'a'), group },
    ];
    const { report, notices } = await restoring(entries, ['a', 'b']);
    expect(report).toMatchObject({ files: 3, hardLinks: 1, failed: 0 });
    expect(report.shortfalls['hard link']).toBe(2);
    expect(notices).toEqual([expect.stringContaining('a name of a file that differs')]);
    expect(fs.readFileSync(join(back, 'b'), 'utf8')).toBe('b');
    expect(fs.statSync(join(back, 'c')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(join(back, 'd')).ino).toBe(fs.statSync(join(back, 'a')).ino);
  });

  it('about the number of entries is refused', async () => {
    await storeSnapshot(store, [fileAt('f')], { contents: ['f'] });
    const references = join(store, '.ingot/snapshots');
    const [id] = fs.readdirSync(references);
    const [line] = fs.readFileSync(join(references, id!), 'utf8').split('\n');
    const claims = line!
      .replace(/"entries":1/, '"entries":10000000')
      .replace(/"files":1/, '"files":10000000');
    const text = `${claims}\n{"sha256":"${digestOf(Buffer.from(`${claims}\n`))}"}\n`;
    fs.rmSync(join(references, id!));
    fs.writeFileSync(join(references, id!), text);
    const ended = ingot(['restore', 'latest', back, '--store', store, '-q']);
    expect(ended.stderr).toMatch(/^ingot: 10000000 entries of the snapshot are lost: [^\n]*\n$/);
    expect(ended.code).toBe(3);
    expect(pathsIn(back)).toEqual(['']);
  });

  it('about its segments loses what is in them alone', async () => {
    const entries = ['a', 'b', 'c'].flatMap((name) => [
      directoryAt(name),
      ...Array.from({ length: 1000 }, (_, n) => fileAt(`${name}/${n}`, 'same')),
    ]);
    await storeSnapshot(store, entries, { contents: ['same'] });
    const segments = join(store, '.ingot/segments');
    const middle = fs
      .readdirSync(segments)
      .find((name) => fs.readFileSync(join(segments, name), 'utf8').includes('{"up":1,"dir":"b"'));
    fs.rmSync(join(segments, middle!));
    const { report, failed } = await again();
    expect(failed.map(({ failure }) => failure?.what)).toEqual([
      expect.stringMatching(/^\d+ entries of the snapshot are lost: /),
    ]);
    expect(report.failed).toBeGreaterThan(100);
    expect(report.failed + report.files + report.directories).toBe(entries.length);
    const names = fs.readdirSync(back);
    expect(names.length).toBeGreaterThan(1);
  });
});

describe('objects', () => {
  it('that are missing or damaged are named, and the rest is restored', async () => {
    const large = 'y'.repeat(5 << 20);
    const entries = ['a', 'b', 'c', 'd'].map((name) => fileAt(name));
    await storeSnapshot(store, [...entries, fileAt('large', large)], {
      contents: ['a', 'b', 'c', 'd', large],
    });
    const object = (content: string) => join(store, digestOf(Buffer.from(content)));
    const damage = (content: string, bytes: string) => {
      fs.rmSync(object(content));
      fs.writeFileSync(object(content), bytes);
    };
    fs.rmSync(object('a'));
    damage('b', 'B');
    fs.rmSync(object('c'));
    fs.mkdirSync(object('c'));
    damage(large, `${large.slice(0, -1)}z`);
    const ended = ingot(['restore', 'latest', back, '--store', store, '--no-progress']);
    const lines = ended.stderr.split('\n').sort().slice(1);
    expect(lines).toEqual(
      ['a', 'b', 'c', 'large'].map((name) =>
        expect.stringMatching(
          new RegExp(`^ingot: cannot restore a file: \\S+/${name}: its object `),
        ),
      ),
    );
    expect(ended.stdout).toContain('FAILED 4');
    expect(ended.code).toBe(3);
    expect(pathsIn(back)).toEqual(['', 'd']);
  });

  it('that are damaged take no file away that is there', async () => {
    const large = 'y'.repeat(5 << 20);
    await storeSnapshot(store, [fileAt('a'), fileAt('large', large)], { contents: ['a', large] });
    makeTree({ a: 'mine', large: 'mine' }, back);
    for (const content of ['a', large]) {
      fs.rmSync(join(store, digestOf(Buffer.from(content))));
      fs.writeFileSync(join(store, digestOf(Buffer.from(content))), `${content.slice(1)}!`);
    }
    const { report } = await again({ overwrite: 'always' });
    expect(report).toMatchObject({ failed: 2, replaced: 0 });
    for (const name of ['a', 'large'])
      expect(fs.readFileSync(join(back, name), 'utf8')).toBe('mine');
  });
});
