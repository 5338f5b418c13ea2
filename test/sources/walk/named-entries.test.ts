import { expect, test } from 'vitest';
import { NamedEntries, splitPath } from '../../../src/sources/walk/named-entries.ts';

test('a path is cut at its last slash, the root directory and the current one included', () => {
  expect(splitPath('a/b/c')).toEqual(['a/b', 'c']);
  expect(splitPath('/etc')).toEqual(['/', 'etc']);
  expect(splitPath('etc')).toEqual(['.', 'etc']);
  expect(splitPath('/')).toEqual(['/', '']);
});

test('a tree is walked once: at its turn, or by the walk that adopts it before', () => {
  const named = new NamedEntries();
  for (const path of ['/a', '/a/b', '/c', '/a'])
    named.addTree({ path, realPath: path, inTree: path });
  const walked: string[] = [];
  for (const { path } of named.trees()) {
    walked.push(path);
    if (path === '/a') expect(named.adopt('/a', 'b')).toBe(true);
  }
  expect(walked).toEqual(['/a', '/c']);
  expect(named.adopt('/', 'c')).toBe(false);
});
