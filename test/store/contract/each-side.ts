/** Clauses that hold for every side that opens groups. */
import { expect } from 'vitest';
import type { Group } from '../../../dist/src/store/seam/write.js';
import {
  type Clause,
  contentOf,
  namesIn,
  type Place,
  read,
  type Side,
  store,
  withGroups,
} from './subject.ts';

type Check = (side: Side, place: Place, open: () => Group<string>) => Promise<void>;

/** A clause for each side, checked on a store that has one content. */
export function onEach(
  sides: readonly Side[],
  says: string,
  check: Check,
  prepare: (place: Place) => void = () => {},
): Clause[] {
  return sides.map((side) => ({
    says: `${side.name}: ${says}`,
    check: async (place) => {
      await store(place, side.space, [contentOf(side.space, 'first')]);
      prepare(place);
      await withGroups(place.engine(), side, (open) => check(side, place, open));
    },
  }));
}

async function readerOf(place: Place, side: Side) {
  return place.engine().openReader(side.space);
}

/** A store has these contents, whole, and the one that it began with. */
export async function expectThere(
  place: Place,
  side: Side,
  contents: readonly { name: string; bytes: Uint8Array }[],
) {
  const reader = await readerOf(place, side);
  for (const { name, bytes } of contents) {
    expect(await reader.stat(name as never)).toMatchObject({ size: bytes.length });
    expect(await read(reader, name)).toBe(Buffer.from(bytes).toString());
  }
  const expected = [...contents, contentOf(side.space, 'first')].map(({ name }) => name);
  expect(await namesIn(reader)).toEqual([...new Set(expected)].sort());
}
