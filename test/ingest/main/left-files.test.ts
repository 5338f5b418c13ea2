import { describe, expect, it } from 'vitest';
import { leftOf } from '../../../src/ingest/main/left-files.ts';
import { LARGE, NO_BLOCKS, type TaskDone, UNREAD } from '../../../src/ingest/messages.ts';
import { CODE } from '../../../src/ingest/outcome.ts';
import { Packer, unpack } from '../../../src/ingest/packed-files.ts';
import { noCost } from '../../../src/ingest/task-cost.ts';

/** A directory with as many entries as are known of it. */
const known = (inTree: string, entries: number) => ({
  ...{ directory: `/s/${inTree}`, withoutLinks: `/s/${inTree}`, inTree, names: [] },
  known: { record: 1, entries },
});
const named = (inTree: string, names: string[], areLinks = false) => ({
  ...{ directory: `/s/${inTree}`, withoutLinks: undefined, inTree, names, areLinks },
});

function left(
  found: readonly Parameters<Packer['add']>[0][],
  outcomes: readonly number[],
  more: Partial<TaskDone>,
) {
  const packer = new Packer();
  for (const each of found) packer.add(each);
  const { unread, large } = leftOf(packer.take(), {
    ...{ status: 'done', outcomes: Uint8Array.from(outcomes), problems: [], digests: '' },
    ...{ sizes: new Float64Array(outcomes.length).fill(7), owners: new Int32Array(0) },
    ...{
      blocks: NO_BLOCKS,
      cost: noCost(),
      isCutOff: false,
      listed: [],
      pending: [],
      linked: new Map(),
      ...more,
    },
  });
  return { unread: [...unpack(unread)], large };
}

describe('of a batch that was cut off, its directories known by a record', () => {
  it('those that were not begun are left as they came, also empty ones', () => {
    const found = [known('a', 2), known('none', 0), known('b', 2), known('last', 0)];
    const ended = [CODE.unchanged, CODE.link, UNREAD, UNREAD];
    const { unread, large } = left(found, ended, { isCutOff: true, pending: [0] });
    expect(unread).toEqual(found.slice(1));
    expect(large).toEqual([]);
  });

  it('those that were begun by name are left by name, their links as links', () => {
    const list = { directory: 0, names: ['one', 'two', 'link', 'big'], links: [2] };
    const { unread, large } = left(
      [known('a', 5), named('z', ['z'])], // the fifth has no name
      [CODE.unchanged, UNREAD, UNREAD, LARGE, CODE.vanished, UNREAD],
      { isCutOff: true, listed: [list] },
    );
    expect(unread.map(({ inTree, names, areLinks }) => [inTree, names, areLinks ?? false])).toEqual(
      [
        ...[
          ['a', ['two'], false],
          ['a', ['link'], true],
        ],
        ['z', ['z'], false],
      ],
    );
    expect(large).toMatchObject([{ file: { inTree: 'a', name: 'big' }, size: 7 }]);
  });
});

it('of a batch that was not, all is left that is large and nothing else', () => {
  const ended = [CODE.unchanged, CODE.new, LARGE];
  const { unread, large } = left([known('a', 1), known('none', 0), named('z', ['y', 'z'])], ended, {
    pending: [0, 1],
  });
  expect(unread).toEqual([]);
  expect(large).toMatchObject([{ file: { inTree: 'z', name: 'z' } }]);
});
