import fs from 'node:fs';
import { expect, test } from 'vitest';
import { escapeLatin1Name } from '../../../src/names.ts';
import { unsupportedKind } from '../../../src/sources/kind.ts';
import {
  type DirectoryOps,
  nodeDirectoryOps,
  readDirectory,
} from '../../../src/sources/walk/directory.ts';
import { makeTree, temporaryDirectory } from '../../harness/tree.ts';

const LARGE = 2 * 1024 * 1024;

/** As on file systems that do not tell types: Node's own lstat fails on a latin1 name. */
const WITHOUT_TYPES: DirectoryOps = {
  ...nodeDirectoryOps,
  readdirSync: ((path: string, options: { withFileTypes?: true; encoding: 'buffer' }) => {
    if (options.withFileTypes)
      throw Object.assign(new Error('lstat'), { code: 'ENOENT', syscall: 'lstat' });
    return fs.readdirSync(path, { encoding: options.encoding });
  }) as unknown as DirectoryOps['readdirSync'],
};

function read(path: string, size: number, ops?: DirectoryOps): Record<string, string> {
  const types: Record<string, string> = {};
  for (const chunk of readDirectory(path, size, ops))
    for (const entry of chunk) types[escapeLatin1Name(entry.name)] = typeOf(entry);
  return types;
}

function typeOf(entry: Parameters<typeof unsupportedKind>[0]): string {
  if (entry.isFile()) return 'file';
  if (entry.isSymbolicLink()) return 'link';
  return entry.isDirectory() ? 'directory' : unsupportedKind(entry);
}

test.each([
  ['whole', 4096, nodeDirectoryOps],
  ['streamed', LARGE, nodeDirectoryOps],
  ['without types from the file system', 4096, WITHOUT_TYPES],
] as const)('names are byte-exact and types right when a directory is read %s', (_, size, ops) => {
  const root = makeTree({
    'a\udcff\udc0a': '',
    größe: '',
    'dir\udcfe/f': '',
    'link\udcfd': { symlink: 'größe' },
    pipe: { fifo: true },
    socket: { socket: true },
  });
  expect(read(root, size, ops)).toEqual({
    'a\udcff\udc0a': 'file',
    größe: 'file',
    'dir\udcfe': 'directory',
    'link\udcfd': 'link',
    pipe: 'fifo',
    socket: 'socket',
  });
});

test('an entry whose type cannot be had is left to whoever opens it', () => {
  const root = makeTree({ gone: '', here: { directory: true } });
  const ops: DirectoryOps = {
    ...WITHOUT_TYPES,
    lstatSync: ((path: Buffer) => {
      if (String(path).endsWith('gone')) fs.rmSync(path);
      return fs.lstatSync(path);
    }) as unknown as DirectoryOps['lstatSync'],
  };
  expect(read(root, 4096, ops)).toEqual({ gone: 'file', here: 'directory' });
});

test('a large directory comes in chunks of 1,024 entries, and is closed when left early', () => {
  const root = temporaryDirectory();
  for (let i = 0; i < 2100; i++) fs.writeFileSync(`${root}/${i}`, '');
  const sizes = Array.from(readDirectory(root, LARGE), (chunk) => chunk.length);
  expect(sizes).toEqual([1024, 1024, 52]);
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for (const _ of readDirectory(root, LARGE)) break;
  expect(open()).toBe(before);
});

test('a failure to read the directory itself is told at once', () => {
  const root = makeTree({ f: '' });
  let calls = 0;
  const ops: DirectoryOps = {
    ...nodeDirectoryOps,
    readdirSync: (() => {
      calls++;
      throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'scandir' });
    }) as unknown as DirectoryOps['readdirSync'],
  };
  expect(() => read(root, 4096, ops)).toThrow(expect.objectContaining({ code: 'EIO' }));
  expect(calls).toBe(1);
});

test('a directory that cannot be opened throws the system call’s error', () => {
  const missing = `${temporaryDirectory()}/missing`;
  expect(() => read(missing, 4096)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  expect(() => read(missing, LARGE)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
