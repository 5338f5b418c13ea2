import { expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { Readings } from '../../src/sources/readings.ts';

const read = (text: string) => ({ size: text.length, digest: digestOf(Buffer.from(text)) });

/** What each of these readings is worth, during all of which the file looked changed. */
function worthOf(...contents: readonly string[]): boolean[] {
  const readings = new Readings();
  return contents.map((content) => readings.mayStore(read(content), false));
}

it('a reading during which nothing changed may be stored, whatever came before it', () => {
  const readings = new Readings();
  expect(readings.mayStore(read('a'), true)).toBe(true);
  expect(readings.mayStore(read('b'), false)).toBe(false);
  expect(readings.mayStore(read('c'), true)).toBe(true);
});

it('else one that gave what the reading just before it gave', () => {
  expect(worthOf('a', 'a')).toEqual([false, true]);
  expect(worthOf('a', 'b', 'b')).toEqual([false, false, true]);
});

it('other bytes of the same size prove nothing', () => {
  expect(worthOf('a', 'b', 'c')).toEqual([false, false, false]);
});

it('nor does a content that was there before the last one', () => {
  expect(worthOf('a', 'b', 'a', 'b')).toEqual([false, false, false, false]);
});

it('nor one whose readings have a broken one between them', () => {
  const readings = new Readings();
  expect(readings.mayStore(read('a'), false)).toBe(false);
  readings.brokenOff();
  expect(readings.mayStore(read('a'), false)).toBe(false);
});
