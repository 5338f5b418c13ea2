import fs from 'node:fs';
import { expect, it } from 'vitest';
import { type Files, nodeFiles } from '../../src/native/files.ts';
import { MIN_READ, readToEnd, refusalOf, unreadableOf } from '../../src/sources/source-file.ts';
import { makeTree } from '../harness/tree.ts';

const thrown = (code: string) => Object.assign(new Error(`${code}: open`), { code });

it.each([
  ['EMFILE', /^cannot read a file: a\/b: too many open files \(EMFILE\); .*ulimit -n/],
  ['ENFILE', /^cannot read a file: a\/b: file table overflow \(ENFILE\); .*close some/],
  ['ENOMEM', /^cannot read a file: a\/b: not enough memory \(ENOMEM\); free memory/],
])('a shortage is no fault of the file that met it: %s', (code, line) => {
  expect(() => refusalOf(thrown(code), 'a/b')).toThrow(line);
});

it('what carries no errno is nobody’s refusal', () => {
  const defect = new TypeError('x is not a function');
  expect(() => refusalOf(defect, 'a/b')).toThrow(defect);
});

it.each([
  ['ENOENT', 'vanished'],
  ['ENOTDIR', 'vanished'],
  ['ESTALE', 'unreadable'],
  ['ELOOP', 'changed'],
  ['ENXIO', 'unsupported'],
  ['EACCES', 'unreadable'],
  ['EIO', 'unreadable'],
])('an error of the file itself ends its entry: %s', (code, outcome) => {
  expect(refusalOf(thrown(code), 'a/b').outcome).toBe(outcome);
});

it('what Node’s permission model refuses is unreadable, in the words of Node', () => {
  const message =
    'Access to this API has been restricted. Use --allow-fs-read to manage permissions.';
  const denied = Object.assign(new Error(message), { code: 'ERR_ACCESS_DENIED' });
  const failure = { code: 'ERR_ACCESS_DENIED', path: 'a/b', why: message };
  expect(refusalOf(denied, 'a/b')).toMatchObject({ outcome: 'unreadable', failure });
});

it.each([
  ['ENOENT', { fifo: true }, 'vanished'],
  ['ENOENT', 'a file', 'unreadable'],
  ['ENXIO', { fifo: true }, 'unsupported'],
  ['ENXIO', 'a file', 'unreadable'],
  ['ELOOP', { symlink: 'x' }, 'changed'],
  ['ELOOP', 'a file', 'unreadable'],
] as const)(
  'an errno that tells of something else is held against what is there: %s, %o',
  (code, entry, outcome) => {
    const path = `${makeTree({ there: entry })}/there`;
    expect(refusalOf(thrown(code), path).outcome).toBe(outcome);
  },
);

it.each(['ENOENT', 'ENOTDIR', 'ESTALE', 'ELOOP', 'ENXIO', 'EIO'])(
  'a file that is open is there, and unreadable whatever it fails with: %s',
  (code) => {
    expect(unreadableOf(thrown(code), 'a/b')).toMatchObject({
      outcome: 'unreadable',
      failure: { code, path: 'a/b' },
    });
  },
);

it('a file that claims to be empty is read to its end, and refuses to be read into megabytes', () => {
  const path = '/proc/sys/kernel/hostname';
  const buffer = Buffer.alloc((4 << 20) + 1);
  const fd = fs.openSync(path, 'r');
  try {
    expect(fs.fstatSync(fd).size).toBe(0);
    expect(() => fs.readSync(fd, buffer, 0, buffer.length, 0)).toThrow('ENOMEM');
    const size = readToEnd(nodeFiles, fd, buffer, 0);
    expect(buffer.toString('utf8', 0, size)).toBe(fs.readFileSync(path, 'utf8'));
  } finally {
    fs.closeSync(fd);
  }
});

/** A file that gives no part of a record (/proc/kpagecount): reads of other sizes fail. */
function inRecords(content: Buffer, recordBytes: number): Files {
  let at = 0;
  const read = (_: unknown, into: Uint8Array, size: number) => {
    if (size % recordBytes !== 0) throw thrown('EINVAL');
    const got = content.copy(into, 0, at, at + size);
    at += got;
    return got;
  };
  return { ...nodeFiles, read };
}

it.each([0, 100, MIN_READ + 8])(
  'a file that gives whole records only is read in whole ones, whatever it claims: %i',
  (claimed) => {
    const content = Buffer.alloc(3 * MIN_READ + 24, 'record..');
    const buffer = Buffer.alloc(5 * MIN_READ);
    expect(readToEnd(inRecords(content, 8), 3, buffer, claimed)).toBe(content.length);
    expect(buffer.subarray(0, content.length).equals(content)).toBe(true);
  },
);

it('and one that is too large for the buffer is found out without a read of a part', () => {
  const files = inRecords(Buffer.alloc(9 * MIN_READ), 8);
  expect(readToEnd(files, 3, Buffer.alloc(2 * MIN_READ + 1), 0)).toBe(-1);
});
