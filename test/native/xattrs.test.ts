import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, type TestContext, test } from 'vitest';
import { loadLibc } from '../../src/native/libc.ts';
import { isKeptXattr } from '../../src/snapshot/xattrs.ts';
import { demand } from '../harness/mounts.ts';
import { makeTree } from '../harness/tree.ts';

const { xattrReader: reader, xattrWriter: writer } = (await loadLibc())!;

let tree: string;
let file: string;
beforeEach((context) => {
  tree = makeTree({ file: 'one', 'd/x': 'two' });
  file = join(tree, 'file');
  demandXattrs(context);
});

/** tmpfs keeps those of users since Linux 6.6 only. */
function demandXattrs(context: TestContext): void {
  const kept = () => {
    try {
      writer!.setAtLink(join(tree, 'd'), { name: 'user.tried', value: Buffer.from('x') });
      return true;
    } catch {
      return false;
    }
  };
  demand(context, kept(), 'the file system keeps no extended attributes');
}

const all = () => true;

function ofFile(isWanted: (name: string) => boolean = all) {
  const fd = fs.openSync(file, 'r');
  try {
    return reader!.ofOpen(fd, isWanted);
  } finally {
    fs.closeSync(fd);
  }
}

test('what is set is read, whatever bytes the name and the value have', () => {
  const odd = 'user.\udcff\udc0aü';
  const values: [string, Buffer][] = [
    ['user.empty', Buffer.alloc(0)],
    ['user.bytes', Buffer.from([0, 1, 255, 0])],
    [odd, Buffer.from('odd')],
  ];
  for (const [name, value] of values) writer!.setAtLink(file, { name, value });
  const read = new Map(ofFile().map(({ name, value }) => [name, Buffer.from(value)]));
  expect(read).toEqual(new Map(values));
  const atLink = reader!.atLink(file, all).map(({ name, value }) => [name, Buffer.from(value)]);
  expect(new Map(atLink as [string, Buffer][])).toEqual(new Map(values));
});

test('a value is replaced, and a value read stays when another one is', () => {
  const fd = fs.openSync(file, 'r');
  writer!.setOpen(fd, { name: 'user.a', value: Buffer.from('before') });
  const [before] = reader!.ofOpen(fd, all);
  writer!.setOpen(fd, { name: 'user.a', value: Buffer.from('after') });
  const [after] = reader!.ofOpen(fd, all);
  fs.closeSync(fd);
  expect(Buffer.from(before!.value).toString()).toBe('before');
  expect(Buffer.from(after!.value).toString()).toBe('after');
});

test('a file without any has none, and only those asked for are read', () => {
  expect(ofFile()).toEqual([]);
  writer!.setAtLink(file, { name: 'user.a', value: Buffer.from('a') });
  writer!.setAtLink(file, { name: 'user.b', value: Buffer.from('b') });
  expect(ofFile((name) => name === 'user.b').map(({ name }) => name)).toEqual(['user.b']);
});

test('a link is not followed', () => {
  writer!.setAtLink(file, { name: 'user.a', value: Buffer.from('a') });
  const link = join(tree, 'link');
  fs.symlinkSync('file', link);
  expect(reader!.atLink(link, all)).toEqual([]);
  const set = () => writer!.setAtLink(link, { name: 'user.b', value: Buffer.from('b') });
  expect(set).toThrow(expect.objectContaining({ code: 'EPERM', syscall: 'setxattr' }));
  expect(ofFile().map(({ name }) => name)).toEqual(['user.a']);
});

test('an ACL is among those that a snapshot keeps', () => {
  // Version 2; user::rw-, user:1234:r--, group::r--, mask::r--, other::---
  const entry = (tag: number, rights: number, id = 0xffffffff) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(rights, 2);
    bytes.writeUInt32LE(id, 4);
    return bytes;
  };
  const value = Buffer.concat([
    Buffer.from([2, 0, 0, 0]),
    ...[entry(1, 6), entry(2, 4, 1234), entry(4, 4), entry(16, 4), entry(32, 0)],
  ]);
  writer!.setAtLink(file, { name: 'system.posix_acl_access', value });
  expect(fs.statSync(file).mode & 0o777).toBe(0o640);
  const kept = ofFile(isKeptXattr);
  expect(kept.map(({ name, value: read }) => [name, Buffer.from(read).equals(value)])).toEqual([
    ['system.posix_acl_access', true],
  ]);
});

test('what is not there is an error as of fs', () => {
  const missing = join(tree, 'missing');
  expect(() => reader!.atLink(missing, all)).toThrow(
    expect.objectContaining({ code: 'ENOENT', syscall: 'listxattr' }),
  );
});

test('a file system that keeps none gives none', () => {
  expect(reader!.atLink('/proc/self/status', all)).toEqual([]);
});
