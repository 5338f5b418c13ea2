import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { SHARDS } from '../../src/store/local/on-disk/layout.ts';
import { brokenIn, type Promised } from './checks.ts';
import { Content, type Image } from './disk-image.ts';

const digest = digestOf(Buffer.from('content'));
const other = digestOf(Buffer.from('other'));
const file = (text: string) => new Content(() => Buffer.from(text));
const folder = (entries: Record<string, Image | Content>): Image =>
  new Map(Object.entries(entries));

const storeJson = (format: Record<string, unknown>) =>
  folder({ 'store.json': file(JSON.stringify({ format: 1, ...format })) });
const FLAT = { '.ingot': storeJson({ layout: 'flat' }) };
const SHARDED = { '.ingot': storeJson({ layout: 'sharded' }) };
const MOVING = { '.ingot': storeJson({ layout: 'flat', movingFrom: 'sharded' }) };
const EMPTY_SHARDS = Object.fromEntries(SHARDS.map((shard) => [shard, folder({})]));
const IN_SHARD = { [digest.slice(0, 2)]: folder({ [digest]: file('content') }) };

const broken = (store: Record<string, Image | Content>, promised: Partial<Promised> = {}) =>
  brokenIn(folder({ s: folder(store), list: file(`${digest}  a\n`) }), {
    ...{ store: ['s'], opens: true, digests: new Set(), snapshots: 0 },
    damagedSegments: new Set(),
    ...{ planted: new Set(), kept: new Set(), unflushed: new Set() },
    ...promised,
  });
const stored = { digests: new Set([digest]) };

test('a whole store that keeps its promises breaks none', () => {
  expect(broken({ ...FLAT, [digest]: file('content') }, stored)).toEqual([]);
  expect(broken({ ...SHARDED, ...EMPTY_SHARDS, ...IN_SHARD }, stored)).toEqual([]);
  expect(broken({ ...MOVING, ...IN_SHARD }, stored)).toEqual([]);
});

test('an object with wrong bytes is found, in either layout', () => {
  expect(broken({ ...FLAT, [other]: file('oth') })).toEqual([`${other} has wrong bytes (3)`]);
  const shard = folder({ [digest]: file('') });
  expect(broken({ ...FLAT, [digest.slice(0, 2)]: shard })).toEqual([
    `${digest} has wrong bytes (0)`,
  ]);
  expect(broken({ ...FLAT, [digest]: folder({}) })).toEqual([`${digest} is not a file`]);
});

test('bytes that were damaged before may stay until their repair is reported', () => {
  const planted = new Set([digestOf(Buffer.from('cont'))]);
  const store = { ...FLAT, [digest]: file('cont') };
  expect(broken(store, { planted })).toEqual([]);
  expect(broken(store, { planted, ...stored })).toEqual([
    `${digest} was reported as stored and is not there`,
  ]);
});

test('an object that was not flushed may be wrong as long as a mark is there', () => {
  const marked = (name: string) => {
    const unflushed = folder({ [name]: file('') });
    return { '.ingot': new Map([...FLAT['.ingot'], ['unflushed', unflushed]]), [digest]: file('') };
  };
  const mark = `.tmp-${'0'.repeat(32)}`;
  const unflushed = new Set([digest]);
  const wrong = [`${digest} has wrong bytes (0)`];
  expect(broken(marked(mark), { unflushed })).toEqual([]);
  expect(broken(marked('letter'), { unflushed })).toEqual(wrong);
  expect(broken({ ...FLAT, [digest]: file('') }, { unflushed })).toEqual(wrong);
  expect(broken(marked(mark), { unflushed: new Set([other]) })).toEqual(wrong);
});

test('bytes that a quarantine moves are somewhere in the store', () => {
  const bytes = file('cont');
  const promised = { planted: new Set([bytes.digest]), kept: new Set([bytes.digest]) };
  const aside = (name: string) => {
    const moved = folder({ [`${digest}.0`]: bytes });
    return { '.ingot': new Map([...FLAT['.ingot'], [name, moved]]) };
  };
  expect(broken({ ...FLAT, [digest]: bytes }, promised)).toEqual([]);
  for (const name of ['moving', 'quarantine']) expect(broken(aside(name), promised)).toEqual([]);
  for (const store of [FLAT, aside('unflushed')])
    expect(broken(store, promised)).toEqual([`the bytes ${bytes.digest} are gone`]);
});

test('what was reported is looked for where store.json says', () => {
  const missing = [`${digest} was reported as stored and is not there`];
  expect(broken(FLAT, stored)).toEqual(missing);
  expect(broken({ ...FLAT, ...IN_SHARD }, stored)).toEqual(missing);
});

test('a store has to be there once success was reported', () => {
  expect(broken({}, { opens: false })).toEqual([]);
  expect(broken({})).toEqual(['the store is not there']);
  expect(broken({ '.ingot': folder({}) })).toEqual(['the store is not there']);
});

test("what is left of a creation must not pass for somebody's own folder", () => {
  const refused = ["the next run takes ff for somebody's own"];
  expect(broken({ '.ingot': folder({}), ff: folder({}) }, { opens: false })).toEqual([]);
  expect(broken({ ff: folder({}) }, { opens: false })).toEqual(refused);
  const full = { ff: folder({ a: file('') }) };
  expect(broken({ '.ingot': folder({}), ...full }, { opens: false })).toEqual(refused);
});

test('a store.json is whole whenever it is there', () => {
  for (const text of ['', '\0\0\0', '{"format":1,"lay'])
    expect(broken({ '.ingot': folder({ 'store.json': file(text) }) }, { opens: false })).toEqual([
      expect.stringMatching(/store\.json/),
    ]);
});

test('a sharded store has all of its folders', () => {
  const { ff: _, ...some } = EMPTY_SHARDS;
  expect(broken({ ...SHARDED, ...some })).toEqual(['the folder ff is not there']);
});

test('the layout is the one that was reported', () => {
  expect(broken(FLAT, { layout: 'flat' })).toEqual([]);
  const wrong = (layout: string) => [`the layout was reported to be ${layout} and is not`];
  expect(broken(FLAT, { layout: 'sharded' })).toEqual(wrong('sharded'));
  expect(broken(MOVING, { layout: 'flat' })).toEqual(wrong('flat'));
});

test('a manifest lists nothing that is not stored', () => {
  const manifest = ['list'];
  expect(broken({ ...FLAT, [digest]: file('content') }, { manifest })).toEqual([]);
  expect(broken(FLAT, { manifest })).toEqual([
    `the manifest has a line for what is not stored: ${digest}  a`,
  ]);
});
