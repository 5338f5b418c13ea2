import { expect, test } from 'vitest';
import { resolveSources, toSourcePath } from '../../../src/sources/walk/sources.ts';
import { makeTree } from '../../harness/tree.ts';

test('a missing source is one line that names it, why, and what to do', () => {
  const root = makeTree({});
  expect(() => resolveSources([root, `${root}/missing`])).toThrow(
    `cannot ingest the source: ${root}/missing: no such file or directory (ENOENT); ` +
      'give an existing directory or file',
  );
});

test('an argument that lost its bytes on the way is pointed to --files-from', () => {
  expect(() => resolveSources(['a\ufffd'])).toThrow(/--files-from/);
});

test.each([
  ['fifo', { fifo: true }],
  ['socket', { socket: true }],
] as const)('a %s as a source is refused', (kind, entry) => {
  const root = makeTree({ odd: entry });
  const refusal = { code: 'INGOT_UNSUPPORTED_SOURCE', path: `${root}/odd` };
  expect(() => resolveSources([`${root}/odd`])).toThrow(expect.objectContaining(refusal));
  expect(() => resolveSources([`${root}/odd`])).toThrow(kind);
});

test('a device as a source is refused', () => {
  expect(() => resolveSources(['/dev/null'])).toThrow('it is a device');
});

test('a source that is an empty string is refused', () => {
  expect(() => resolveSources([''])).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

test('a dangling link as a source is missing', () => {
  const root = makeTree({ link: { symlink: 'nowhere' } });
  const error = expect.objectContaining({ code: 'ENOENT' });
  expect(() => resolveSources([`${root}/link`])).toThrow(error);
});

test('a link to a directory keeps its name, a link to a file takes that of the file', () => {
  const root = makeTree({
    'dir/f': '',
    'dir-link': { symlink: 'dir' },
    'file-link': { symlink: 'dir/f' },
  });
  const found = (path: string, realPath: string, isDirectory: boolean) => ({
    ...{ path: root + path, realPath: root + realPath, inTree: root.slice(1) + path },
    ...{ isDirectory, isExcluded: false },
  });
  expect(resolveSources([`${root}/dir-link/`, `${root}/file-link`])).toEqual([
    found('/dir-link', '/dir', true),
    found('/dir/f', '/dir/f', false),
  ]);
});

test('a source path loses slashes at its end and escapes what fast-glob would alter', () => {
  expect(toSourcePath('tree///')).toBe('tree');
  expect(toSourcePath('//')).toBe('/');
  expect(toSourcePath('./a\nb\\c/')).toBe('./a\udc0ab\udc5cc');
});
