/** A tree of every kind of entry comes back as it was. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { restore } from 'ingot';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { toFsPath } from '../../src/names.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import { demand, demandProgram } from '../harness/mounts.ts';
import { directoryInMemory, makeTree, temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { anyTree } from '../snapshot/trees.ts';
import { demandXattrs, entriesOf, look, setXattr, snapshotOf } from './snapshots.ts';

const target = () => join(temporaryDirectory(), 'back');

/** Directories get their times once nothing in them changes any more. */
function setTimes(tree: string, times: Readonly<Record<string, number>>): void {
  for (const [path, seconds] of Object.entries(times))
    fs.lutimesSync(toFsPath(join(tree, path)), seconds, seconds);
}

function everyKind(): string {
  const tree = makeTree({
    'a/empty': '',
    'a/small': 'small\n',
    'a/b/c/deep': 'deep',
    'a-b': 'sorts between a and a/',
    'odd \udcff\udc0a"\\ü': 'odd',
    large: randomBytes((4 << 20) + 4097),
    'just-small': randomBytes(4 << 20),
    none: { directory: true },
    link: { symlink: 'a/small' },
    dangling: { symlink: '../\udcfe/nowhere' },
    'to-directory': { symlink: 'a/b' },
    'read-only/file': 'r',
  });
  fs.linkSync(join(tree, 'a/small'), join(tree, 'none/same'));
  fs.linkSync(join(tree, 'a/small'), join(tree, 'z-same'));
  fs.chmodSync(join(tree, 'a/empty'), 0o400);
  fs.chmodSync(join(tree, 'large'), 0o755);
  fs.chmodSync(join(tree, 'just-small'), 0o666);
  fs.chmodSync(join(tree, 'none'), 0o1777);
  setTimes(tree, {
    'a/small': -86_400.25,
    'a/b/c': 12.5,
    'a-b': 4_000_000_000,
    link: 1_500_000_000.125,
    'read-only': 1_000_000,
    a: 77,
  });
  fs.chmodSync(join(tree, 'read-only'), 0o555);
  return tree;
}

describe('a tree', () => {
  it.each([1, 2, 5])('comes back as it was, with %s threads', async (threads) => {
    const tree = everyKind();
    const store = await snapshotOf(tree);
    const back = target();
    const report = await restore(store, 'latest', back, { threads });
    expect(look(back)).toEqual(look(tree));
    expect(report).toMatchObject({
      ...{ directories: 5, files: 8, links: 3, hardLinks: 2, failed: 0, left: 0, replaced: 0 },
      ...{ bytes: expect.any(Number), flushed: false, dryRun: false, target: back },
    });
    fs.chmodSync(join(back, 'read-only'), 0o755);
  });

  it('looks the same to rsync', async (context) => {
    demandProgram(context, 'rsync');
    const tree = everyKind();
    demandXattrs(context, join(tree, 'a/b'));
    setXattr(join(tree, 'a/b/c/deep'), 'user.bytes', Buffer.from([0, 1, 255]));
    const back = target();
    await restore(await snapshotOf(tree), 'latest', back, { fsync: true });
    const args = ['-aHAXn', '--checksum', '--itemize-changes', '--delete', `${tree}/`, `${back}/`];
    const { status, stdout } = spawnSync('rsync', args, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });

  it('keeps its extended attributes, also where nobody may write', async (context) => {
    const tree = everyKind();
    demandXattrs(context, join(tree, 'a'));
    fs.chmodSync(join(tree, 'a/empty'), 0o600);
    for (const path of ['a/empty', 'large', 'a/b']) setXattr(join(tree, path), 'user.ü', path);
    fs.chmodSync(join(tree, 'a/empty'), 0o400);
    const back = target();
    const report = await restore(await snapshotOf(tree), 'latest', back);
    expect(look(back)).toEqual(look(tree));
    expect(report.shortfalls.attribute).toBe(0);
  });

  it('keeps times beyond 64 bits of nanoseconds', async (context) => {
    demandProgram(context, 'touch');
    const tree = makeTree({ far: '', past: '', 'b/c': '' }, directoryInMemory());
    const times = { far: 9_000_000_000_000_000n, past: -9_000_000_000_000_000n, b: 2n ** 40n };
    for (const [name, seconds] of Object.entries(times)) {
      spawnSync('touch', ['-d', `@${seconds}`, join(tree, name)]);
      const { mtimeNs } = fs.statSync(join(tree, name), { bigint: true });
      demand(context, mtimeNs === seconds * 10n ** 9n, `no file can be of the second ${seconds}`);
    }
    const store = await snapshotOf(tree);
    const back = join(directoryInMemory(), 'back');
    await restore(store, 'latest', back);
    expect(look(back)).toEqual(look(tree));
    const again = await restore(store, 'latest', back, { overwrite: 'if-changed' });
    expect(again).toMatchObject({ replaced: 0, left: 4 });
  });

  it('keeps the holes of its files', async () => {
    const bytes = Buffer.alloc(8 << 20);
    bytes.write('in the middle', 5 << 20);
    const some = Buffer.concat([Buffer.alloc(512 << 10), Buffer.from('end'), Buffer.alloc(8192)]);
    const tree = makeTree({ large: { sparse: bytes }, small: { sparse: some } });
    const store = await snapshotOf(tree);
    // As an ingest keeps them in the store.
    for (const name of fs.readdirSync(store)) {
      const object = join(store, name);
      if (!fs.statSync(object).isFile()) continue;
      const content = fs.readFileSync(object);
      fs.rmSync(object);
      makeTree({ [name]: { sparse: content } }, store);
    }
    const back = target();
    await restore(store, 'latest', back);
    expect(look(back)).toEqual(look(tree));
    // The end of a file is seldom a whole page, and so no hole.
    for (const name of ['large', 'small'])
      expect(fs.statSync(join(back, name)).blocks).toBeLessThanOrEqual(
        fs.statSync(join(tree, name)).blocks + 8,
      );
  });

  it('of any shape comes back', async () => {
    const isRoot = process.geteuid?.() === 0;
    await fc.assert(
      fc.asyncProperty(anyTree, async (entries) => {
        const restorable = entries.map((entry) => asRestorable(entry, isRoot));
        const store = join(temporaryDirectory(), 'store');
        const contents = Array.from({ length: 51 }, (_, n) => String(n));
        await storeSnapshot(store, restorable, { contents });
        const back = target();
        const report = await restore(store, 'latest', back, { privileged: true, threads: 2 });
        expect(report.failed).toBe(0);
        expect(look(back).length).toBe(
          1 + restorable.filter(({ path, type }) => path !== '' && type !== 'missing').length,
        );
        for (const entry of restorable) expectRestored(entry, back);
      }),
      { numRuns: 10 },
    );
  });
});

/** With a content that there is, and as this user may set it. */
function asRestorable(entry: Entry, isRoot: boolean): Entry {
  if (entry.type === 'missing') return entry;
  const { xattrs: _, ...plain } = entry;
  // What every file system keeps.
  const mtime = entry.mtime % 2n ** 60n;
  if (plain.type === 'link') return { ...plain, mtime };
  const mode = isRoot ? plain.mode & 0o1777 : (plain.mode & 0o777) | 0o700;
  if (plain.type === 'directory') return { ...plain, mtime, mode };
  const n = Number.parseInt(plain.digest.slice(0, 2), 16) % 51;
  const content = String(n);
  return { ...plain, mtime, mode, size: content.length, digest: digestOf(Buffer.from(content)) };
}

function expectRestored(entry: Entry, back: string): void {
  if (entry.type === 'missing') return;
  const at = toFsPath(entry.path === '' ? back : `${back}/${entry.path}`);
  const stats = fs.lstatSync(at, { bigint: true });
  expect(stats.mtimeNs).toBe(entry.mtime);
  if (entry.type !== 'link') expect(Number(stats.mode & 0o7777n)).toBe(entry.mode);
  if (entry.type === 'file') expect(digestOf(fs.readFileSync(at))).toBe(entry.digest);
}

describe('a default ACL', () => {
  /** Version 2; user::rwx, user:1234:rwx, group::r-x, mask::rwx, other::--- */
  const acl = () => {
    const entry = (tag: number, rights: number, id = 0xffffffff) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(tag, 0);
      bytes.writeUInt16LE(rights, 2);
      bytes.writeUInt32LE(id, 4);
      return bytes;
    };
    const entries = [entry(1, 7), entry(2, 7, 1234), entry(4, 5), entry(16, 7), entry(32, 0)];
    return Buffer.concat([Buffer.from([2, 0, 0, 0]), ...entries]);
  };
  const DEFAULT_ACL = 'system.posix_acl_default';

  it('of the tree comes back, and its own entries do not get it', async (context) => {
    const tree = makeTree({ 'a/b/file': 'f', 'a/other': 'o' });
    demandXattrs(context, join(tree, 'a'));
    setXattr(join(tree, 'a'), DEFAULT_ACL, acl());
    setXattr(join(tree, 'a/other'), 'system.posix_acl_access', acl());
    const store = await snapshotOf(tree);
    const back = target();
    await restore(store, 'latest', back);
    expect(look(back)).toEqual(look(tree));
    fs.appendFileSync(join(back, 'a/b/file'), '!');
    fs.rmSync(join(back, 'a/b'), { recursive: true });
    await restore(store, 'latest', back, { overwrite: 'if-changed' });
    expect(look(back)).toEqual(look(tree));
  });

  it.for([true, false])(
    'of the target is not got (the tree has a root: %s)',
    async (hasRoot, context) => {
      demandXattrs(context, temporaryDirectory());
      const tree = makeTree({ 'a/b/file': 'f', top: 't' });
      const { entries, contents } = entriesOf(tree);
      const store = join(temporaryDirectory(), 'store');
      await storeSnapshot(
        store,
        entries.filter(({ path }) => hasRoot || path !== ''),
        { contents },
      );
      const back = temporaryDirectory();
      setXattr(back, DEFAULT_ACL, acl());
      await restore(store, 'latest', back);
      expect(look(back).slice(1)).toEqual(look(tree).slice(1));
      expect(look(back)[0]!.includes(DEFAULT_ACL)).toBe(!hasRoot);
    },
  );
});
