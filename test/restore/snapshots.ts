/** Snapshots of real trees, and what a tree looks like. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { escapeName, joinPath, toBytes, toFsPath } from '../../src/names.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { type Entry, groupOf, keyOfEntry } from '../../src/snapshot/entry.ts';
import { compareKeys } from '../../src/snapshot/position.ts';
import { isKeptXattr } from '../../src/snapshot/xattrs.ts';
import { demand } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';

const { xattrReader, xattrWriter } = (await loadLibc())!;

/** The paths in a tree, sorted as those of a snapshot; the empty one first, for the tree itself. */
export function pathsIn(tree: string, below = ''): string[] {
  const folder = toFsPath(below === '' ? tree : joinPath(tree, below));
  const names = fs.readdirSync(folder, { encoding: 'buffer', withFileTypes: true });
  const found = names.flatMap((entry) => {
    const name = escapeName(entry.name as unknown as Buffer);
    const path = below === '' ? name : `${below}/${name}`;
    return entry.isDirectory() ? [path, ...pathsIn(tree, path)] : [path];
  });
  return below === '' ? ['', ...found] : found;
}

const pathIn = (tree: string, path: string) => toFsPath(path === '' ? tree : joinPath(tree, path));

/** What a snapshot says of a tree, and its contents. */
export function entriesOf(tree: string): { entries: Entry[]; contents: Buffer[] } {
  const contents = new Map<Digest, Buffer>();
  const groups = new Map<string, Digest>();
  const keyed = pathsIn(tree).map((path) => {
    const at = pathIn(tree, path);
    const stats = fs.lstatSync(at, { bigint: true });
    const found = [...xattrReader!.atLink(at, isKeptXattr)];
    found.sort((a, b) => compareKeys(a.name, b.name));
    const owned = {
      ...{ path, uid: Number(stats.uid), gid: Number(stats.gid), mtime: stats.mtimeNs },
      xattrs: found.length === 0 ? undefined : found,
    };
    const mode = Number(stats.mode & 0o7777n);
    if (stats.isDirectory()) return { type: 'directory', ...owned, mode } as const;
    if (stats.isSymbolicLink()) {
      const target = escapeName(fs.readlinkSync(at, { encoding: 'buffer' }));
      return { type: 'link', ...owned, target } as const;
    }
    if (!stats.isFile()) return { type: 'missing', path, why: 'fifo' } as const;
    const bytes = fs.readFileSync(at);
    const digest = digestOf(bytes);
    contents.set(digest, bytes);
    return { type: 'file', ...owned, mode, size: bytes.length, digest, ino: stats } as const;
  });
  const inOrder = keyed.sort((a, b) =>
    Buffer.compare(toBytes(keyOfEntry(a as Entry)), toBytes(keyOfEntry(b as Entry))),
  );
  const entries = inOrder.map((entry): Entry => {
    if (entry.type !== 'file') return entry;
    const { ino: stats, ...file } = entry;
    if (stats.nlink === 1n) return { ...file, group: undefined };
    const key = `${stats.dev}:${stats.ino}`;
    if (!groups.has(key)) groups.set(key, groupOf(file.path));
    return { ...file, group: groups.get(key) };
  });
  return { entries, contents: [...contents.values()] };
}

/** A new store with a snapshot of a tree. */
export async function snapshotOf(
  tree: string,
  store = join(temporaryDirectory(), 'store'),
  label?: string,
): Promise<string> {
  const { entries, contents } = entriesOf(tree);
  await storeSnapshot(store, entries, { contents, label });
  return store;
}

/** All of a tree that a restore has to give back, a line for each path. */
export function look(tree: string, { times = true } = {}): string[] {
  const firsts = new Map<string, string>();
  return pathsIn(tree).map((path) => {
    const at = pathIn(tree, path);
    const stats = fs.lstatSync(at, { bigint: true });
    const inode = `${stats.dev}:${stats.ino}`;
    const isFile = stats.isFile();
    if (isFile && !firsts.has(inode)) firsts.set(inode, path);
    const parts = [
      path,
      stats.mode.toString(8),
      times ? stats.mtimeNs : '',
      isFile ? createHash('sha256').update(fs.readFileSync(at)).digest('hex') : '',
      isFile ? firsts.get(inode) : '',
      stats.isSymbolicLink() ? escapeName(fs.readlinkSync(at, { encoding: 'buffer' })) : '',
      ...xattrReader!
        .atLink(at, isKeptXattr)
        .map(({ name, value }) => `${name}=${Buffer.from(value).toString('hex')}`)
        .sort(),
    ];
    return parts.join(' ');
  });
}

export function setXattr(path: string, name: string, value: string | Buffer): void {
  xattrWriter!.setAtLink(toFsPath(path), { name, value: Buffer.from(value) });
}

/** tmpfs keeps those of users since Linux 6.6 only. */
export function demandXattrs(context: Pick<TestContext, 'skip'>, folder: string): void {
  let kept = true;
  try {
    setXattr(folder, 'user.tried', 'x');
  } catch {
    kept = false;
  }
  demand(context, kept, 'the file system keeps no extended attributes');
}
