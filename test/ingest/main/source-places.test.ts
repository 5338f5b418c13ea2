import { expect, it } from 'vitest';
import { SourcePlaces } from '../../../src/ingest/main/source-places.ts';
import type { Source } from '../../../src/sources/walk/sources.ts';

const source = (inTree: string, more: Partial<Source> = {}): Source => ({
  ...{ path: `/${inTree}`, realPath: `/${inTree}`, inTree, isDirectory: true, isExcluded: false },
  ...more,
});

function found(sources: readonly Source[], inTree: string): string | undefined {
  const place = new SourcePlaces(sources).find(inTree);
  return place && `${place.source.inTree} + ${place.rest}`;
}

it.each([
  ['a', 'a + '],
  ['a/x/y', 'a + x/y'],
  ['a/b', 'a/b + '],
  ['a/b/x', 'a/b + x'],
  ['a/bc', 'a + bc'],
  ['f', 'f + '],
  ['f/x', undefined],
  ['c', undefined],
  ['c/d/x', 'c/d + x'],
  ['out/x', undefined],
  ['', undefined],
])('%j is %j', (inTree, place) => {
  const sources = [source('a'), source('a/b'), source('f', { isDirectory: false }), source('c/d')];
  expect(found([...sources, source('out', { isExcluded: true })], inTree)).toBe(place);
});

it('of one directory the content is the tree, and others may lie in it', () => {
  const sources = [source(''), source('b')];
  expect(found(sources, 'x/y')).toBe(' + x/y');
  expect(found(sources, '')).toBe(' + ');
  expect(found(sources, 'b/x')).toBe('b + x');
});
