/** Clauses on the read half. Each holds in every space. */
import { expect } from 'vitest';
import type { ReadHalf } from '../../../dist/src/store/seam/read.js';
import type { Space } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  contentOf,
  contentsOf,
  namesIn,
  type Place,
  read,
  rejection,
  SPACES,
  store,
  type Trait,
} from './subject.ts';

const TEXT = 'the first, and the last';

type Check = (reader: ReadHalf<string>, space: Space, place: Place) => Promise<void>;

/** A clause for each space, checked where one content is stored. */
function inEach(says: string, check: Check, only?: Trait): Clause[] {
  return SPACES.map((space) => ({
    says: `${space}: ${says}`,
    only,
    check: async (place) => {
      await store(place, space, [contentOf(space, TEXT)]);
      await check(await place.engine().openReader(space), space, place);
    },
  }));
}

export const READ_CLAUSES: readonly Clause[] = [
  ...inEach(
    'stat gives size and place, and nothing of what is not there',
    async (reader, space) => {
      const found = await reader.stat(contentOf(space, TEXT).name);
      expect(found).toEqual({ size: TEXT.length, path: expect.stringMatching(/./) });
      expect(await reader.stat(contentOf(space, 'never stored').name)).toBeUndefined();
    },
  ),

  ...inEach(
    'what is open is read to its end, and gives 0 bytes from then on',
    async (reader, space) => {
      const { name } = contentOf(space, TEXT);
      for (const atOnce of [1, 7, TEXT.length, 100])
        expect(await read(reader, name, undefined, atOnce)).toBe(TEXT);
      const content = await reader.open(name);
      expect(content).toMatchObject((await reader.stat(name))!);
      const into = Buffer.alloc(100);
      while ((await content.read(into)) > 0);
      expect([await content.read(into), await content.read(into)]).toEqual([0, 0]);
      await content.close();
    },
  ),

  ...inEach(
    'a small content is read whole, and one that is larger than is said not at all',
    async (reader, space) => {
      const { name } = contentOf(space, TEXT);
      for (const most of [TEXT.length, 100])
        expect((await reader.readWhole(name, most))?.toString()).toBe(TEXT);
      for (const most of [0, TEXT.length - 1])
        expect(await reader.readWhole(name, most)).toBeUndefined();
      const error = await rejection(reader.readWhole(contentOf(space, 'never stored').name, 100));
      expect(error).toMatchObject({ code: 'INGOT_NOT_FOUND', kind: 'gone' });
    },
  ),

  ...inEach('a range is read as subarray has it', async (reader, space) => {
    const { name } = contentOf(space, TEXT);
    const end = TEXT.length;
    for (const [from, to] of [
      [0, end],
      [0, 0],
      [0, 1],
      [4, 9],
      [end - 1, end],
      [end, end],
      [4, end + 9],
      [end + 1, end + 9],
      [9, 4],
    ] as const)
      for (const atOnce of [2, 100])
        expect(await read(reader, name, { from, to }, atOnce)).toBe(
          TEXT.slice(from, Math.max(from, to)),
        );
    const part = await reader.open(name, { from: 4, to: 9 });
    expect(part.size).toBe(end);
    await part.close();
  }),

  ...inEach(
    'what is not there is INGOT_NOT_FOUND, of the kind gone',
    async (reader, space, place) => {
      const { name } = contentOf(space, 'never stored');
      const error = await rejection(reader.open(name));
      expect(error).toMatchObject({ code: 'INGOT_NOT_FOUND', kind: 'gone', path: name });
      expect(String(error)).toContain(place.engine().address);
    },
  ),

  ...inEach(
    'a list has the names of its space, once each, in pages of some',
    async (reader, space, place) => {
      const contents = [contentOf(space, TEXT), ...contentsOf(space, 30)];
      for (const other of SPACES)
        await store(
          place,
          other,
          contentsOf(other, other === space ? 30 : 3, other === space ? 'content' : 'other'),
        );
      for await (const page of reader.list()) expect(page.length).toBeGreaterThan(0);
      expect(await namesIn(reader)).toEqual(contents.map(({ name }) => name).sort());
    },
  ),

  ...inEach(
    'a list has all names that were there, while others are stored and removed',
    async (reader, space, place) => {
      const contents = [contentOf(space, TEXT), ...contentsOf(space, 30)];
      await store(place, space, contents.slice(1));
      const names: string[] = [];
      let page = 0;
      for await (const some of reader.list()) {
        names.push(...some);
        const later = contentOf(space, `later ${page++}`);
        await store(place, space, [later]);
        if (page > 1) await reader.remove([later.name]);
        if (page > 50) break;
      }
      for (const { name } of contents) expect(names).toContain(name);
      expect(new Set(names).size).toBe(names.length);
    },
  ),

  ...inEach('a list of nothing has no page', async (reader, space) => {
    await reader.remove([contentOf(space, TEXT).name]);
    for await (const _ of reader.list()) expect.unreachable();
  }),

  ...inEach('a list that is aborted rejects with the reason', async (reader) => {
    const signal = AbortSignal.abort(new Error('enough'));
    const listed = (async () => {
      for await (const _ of reader.list({ signal })) expect.unreachable();
    })();
    expect(await rejection(listed)).toBe(signal.reason);
  }),

  ...inEach(
    'remove gives the number of what was there, and leaves the rest',
    async (reader, space, place) => {
      const [one, two, three] = contentsOf(space, 3);
      await store(place, space, [one!, two!, three!]);
      const missing = contentOf(space, 'never stored');
      expect(await reader.remove([])).toBe(0);
      expect(await reader.remove([one!.name, missing.name, two!.name, one!.name])).toBe(2);
      expect(await reader.remove([one!.name, two!.name])).toBe(0);
      const left = [three!, contentOf(space, TEXT)].map(({ name }) => name).sort();
      expect(await namesIn(reader)).toEqual(left);
      expect(await reader.stat(one!.name)).toBeUndefined();
      expect(await rejection(reader.open(one!.name))).toMatchObject({ code: 'INGOT_NOT_FOUND' });
      await store(place, space, [one!]);
      expect(await read(reader, one!.name)).toBe(Buffer.from(one!.bytes).toString());
    },
  ),

  ...inEach(
    'what was removed stays away',
    async (reader, space, place) => {
      const { name } = contentOf(space, TEXT);
      await reader.remove([name]);
      place.powerCut!();
      expect(await reader.stat(name)).toBeUndefined();
    },
    'power cuts',
  ),

  {
    says: 'objects: a list of many has them all, and an aborted one no further page',
    check: async (place) => {
      const contents = contentsOf('objects', 1500);
      await store(place, 'objects', []);
      for (const { name, bytes } of contents) place.plant(name, bytes);
      const reader = await place.engine().openReader('objects');
      expect(await namesIn(reader)).toEqual(contents.map(({ name }) => name).sort());
      const stop = new AbortController();
      const pages = reader.list({ signal: stop.signal })[Symbol.asyncIterator]();
      expect((await pages.next()).value.length).toBeLessThan(contents.length);
      stop.abort(new Error('enough'));
      expect(await rejection(pages.next())).toBe(stop.signal.reason);
    },
  },

  {
    says: 'objects: what may not be listed is passed over, and named, or else thrown',
    only: 'closed places',
    check: async (place) => {
      await store(place, 'objects', contentsOf('objects', 3));
      place.plantUnlistable!('a closed place');
      const reader = await place.engine().openReader('objects');
      expect(await rejection(namesIn(reader))).toMatchObject({ path: 'a closed place' });
      const refused: unknown[] = [];
      const names: string[] = [];
      const onRefused = (path: string, error: unknown) => void refused.push([path, error]);
      for await (const page of reader.list({ onRefused })) names.push(...page);
      expect(names).toHaveLength(3);
      expect(refused).toEqual([['a closed place', expect.objectContaining({ code: 'EACCES' })]]);
    },
  },

  {
    says: 'objects: what no content can be read from is INGOT_DAMAGED, and is not read',
    check: async (place) => {
      const { name } = contentOf('objects', TEXT);
      await store(place, 'objects', []);
      place.plantUnreadable(name);
      const reader = await place.engine().openReader('objects');
      expect(await rejection(reader.open(name))).toMatchObject({ code: 'INGOT_DAMAGED' });
      expect(await reader.stat(name)).toBeUndefined();
    },
  },
];
