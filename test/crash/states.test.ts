import { describe, expect, test } from 'vitest';
import type { Call } from './calls.ts';
import { Content, folderAt, type Image, nodeAt } from './disk-image.ts';
import { History } from './history.ts';
import {
  type Cut,
  cutsAt,
  Disk,
  everyState,
  type Fate,
  randomCut,
  sampledStates,
  seeded,
  undecidedAt,
} from './states.ts';

const BEFORE: Image = new Map([['old', new Content(() => Buffer.from('old'))]]);

/** Line 0 makes a file, 1 and 2 write, 3 flushes it, 4 renames it, 5 makes a folder. */
const CALLS: readonly Call[] = [
  { name: 'open', path: '/w/a', fd: 5, creates: true, appends: false, begun: 0, ended: 0 },
  { name: 'write', fd: 5, bytes: Buffer.from('abcd'), at: undefined, begun: 1, ended: 1 },
  { name: 'write', fd: 5, bytes: Buffer.from('efgh'), at: undefined, begun: 2, ended: 2 },
  { name: 'flush', fd: 5, path: '/w/a', begun: 3, ended: 3 },
  { name: 'rename', from: '/w/a', to: '/w/old', begun: 4, ended: 4 },
  { name: 'mkdir', path: '/w/d', begun: 5, ended: 5 },
];
const history = new History('/w', BEFORE, [CALLS]);
const disk = new Disk(history);

const cut = (fates: readonly Fate[], ...kept: string[]): Cut => ({
  what: 'chosen',
  keeps: ({ what }) => kept.includes(what),
  fateOf: (write) => fates[write.at / 4]!,
});

/** Names and texts; a folder is a null. */
function shown(point: number, chosen: Cut): Record<string, string | null> {
  const { image } = disk.after({ point, cut: chosen });
  return Object.fromEntries(
    [...image].map(([name, node]) => [
      name,
      node instanceof Content ? node.bytes.toString().replaceAll('\0', '0') : null,
    ]),
  );
}

describe('what is left', () => {
  test.each<[Fate, Fate, string]>([
    ['kept', 'kept', 'abcdefgh'],
    ['kept', 'lost', 'abcd'],
    ['kept', 'short', 'abcdef'],
    ['kept', 'zero', 'abcd0000'],
    ['lost', 'kept', '0000efgh'],
    ['short', 'kept', 'ab00efgh'],
    ['lost', 'lost', ''],
    ['zero', 'short', '0000ef'],
  ])('of two writes, the first %s and the second %s, is %s', (first, second, text) => {
    expect(shown(2, cut([first, second], 'create a'))).toEqual({ old: 'old', a: text });
  });

  test('of what was flushed is all, whatever the fate of the rest', () => {
    expect(shown(3, cut(['lost', 'lost'], 'create a'))).toEqual({ old: 'old', a: 'abcdefgh' });
  });

  test('of names whose folder was flushed is all, and under their own name', () => {
    const flushed: readonly Call[] = [
      { name: 'open', path: '/w', fd: 6, creates: false, appends: false, begun: 6, ended: 6 },
      { name: 'flush', fd: 6, path: '/w', begun: 7, ended: 7 },
      { name: 'rename', from: '/w/old', to: '/w/new', begun: 8, ended: 8 },
    ];
    const longer = new Disk(new History('/w', BEFORE, [[...CALLS, ...flushed]]));
    const [before, after] = [cut([]), cut([], 'rename old -> new')].map((chosen) =>
      longer.after({ point: 8, cut: chosen }),
    );
    expect([...before!.image.keys()].sort()).toEqual(['d', 'old']);
    expect([...after!.image.keys()].sort()).toEqual(['d', 'new']);
    expect(before!.key).not.toBe(after!.key);
  });

  test('of a rename is both of its names or neither, also without the step before it', () => {
    const lost = cut(['lost', 'lost']);
    expect(shown(5, lost)).toEqual({ old: 'old' });
    expect(shown(5, { ...lost, keeps: ({ what }) => what === 'rename a -> old' })).toEqual({
      old: 'abcdefgh',
    });
    expect(shown(5, cut([], 'create a', 'mkdir d'))).toEqual({
      a: 'abcdefgh',
      d: null,
      old: 'old',
    });
  });

  test('of a rename whose old folder alone was flushed is at least not the old name', () => {
    const moved: readonly Call[] = [
      { name: 'mkdir', path: '/w/d', begun: 0, ended: 0 },
      { name: 'rename', from: '/w/old', to: '/w/d/new', begun: 1, ended: 1 },
      { name: 'open', path: '/w', fd: 6, creates: false, appends: false, begun: 2, ended: 2 },
      { name: 'flush', fd: 6, path: '/w', begun: 3, ended: 3 },
    ];
    const longer = new Disk(new History('/w', BEFORE, [moved]));
    const namesAfter = (point: number, ...kept: string[]) => {
      const { image } = longer.after({ point, cut: cut([], ...kept) });
      return [...image.keys(), ...folderAt(image, ['d']).keys()];
    };
    expect(namesAfter(2)).toEqual(['old']);
    expect(namesAfter(3)).toEqual(['d']);
    expect(namesAfter(3, 'rename old -> d/new')).toEqual(['d', 'new']);
  });

  test('of what had not begun is nothing', () => {
    expect(shown(-1, cut(['kept', 'kept'], 'create a', 'mkdir d'))).toEqual({ old: 'old' });
    expect(shown(1, cut(['kept', 'kept'], 'create a'))).toEqual({ old: 'old', a: 'abcd' });
  });
});

test('the points are all moments at which something changed', () => {
  expect(history.points).toEqual([-1, 0, 1, 2, 3, 4, 5]);
});

test('undecided is what had begun and was not durable', () => {
  const at = (point: number) => {
    const { changes, writes } = undecidedAt(history, point);
    return [changes.map(({ what }) => what), writes.map(({ at }) => at)];
  };
  expect(at(1)).toEqual([['create a'], [0]]);
  expect(at(2)).toEqual([['create a'], [0, 4]]);
  expect(at(4)).toEqual([['create a', 'rename a -> old'], []]);
});

test('the systematic cuts lose and keep all, and each step alone', () => {
  expect(cutsAt(undecidedAt(history, 1)).map(({ what }) => what)).toEqual([
    'nothing kept',
    'all kept',
    'all bytes lost',
    'all bytes short',
    'all bytes zero',
    'all kept but create a',
    'only create a',
    'all kept but write of 4 bytes at 0 into inode 2: lost',
    'all kept but write of 4 bytes at 0 into inode 2: short',
    'all kept but write of 4 bytes at 0 into inode 2: zero',
  ]);
  expect(cutsAt({ changes: [], writes: [] }).length).toBe(2);
});

test('every state is met at every point, and those of chosen points alone', () => {
  const states = [...everyState(history)];
  expect(new Set(states.map(({ point }) => point))).toEqual(new Set(history.points));
  expect(states.length).toBe(2 + 4 + 10 + 13 + 4 + 6 + 8);
  expect([...everyState(history, [5])].length).toBe(8);
});

test('equal states have equal keys, different ones different keys', () => {
  const keys = [...everyState(history)].map((state) => disk.after(state).key);
  expect(disk.after({ point: 4, cut: cut([]) }).key).toBe(
    disk.after({ point: 5, cut: cut([]) }).key,
  );
  const texts = [...everyState(history)].map(({ point, cut }) => JSON.stringify(shown(point, cut)));
  expect(new Set(keys).size).toBe(new Set(texts).size);
});

test('a sample is the same for the same seed, holds cuts by chance, and reaches every point', () => {
  const sample = (seed: number) => {
    const states: string[] = [];
    const points = new Set<number>();
    for (const { point, cut } of sampledStates(history, seeded(seed))) {
      points.add(point);
      if (states.push(`${point} ${cut.what}`) === 200) return { states, points };
    }
    throw new Error('a sample has no end');
  };
  expect(sample(1)).toEqual(sample(1));
  expect(sample(1)).not.toEqual(sample(2));
  expect(sample(1).points.size).toBe(history.points.length);
  expect(sample(1).states.filter((state) => state.includes('by chance')).length).toBe(66);
});

test('a cut by chance decides each step once', () => {
  const undecided = undecidedAt(history, 2);
  const random = seeded(7);
  const results = new Set<string>();
  for (let n = 0; n < 300; n++) {
    const chosen = randomCut(undecided, random);
    const outcome = () =>
      JSON.stringify([undecided.changes.map(chosen.keeps), undecided.writes.map(chosen.fateOf)]);
    expect(outcome()).toBe(outcome());
    results.add(outcome());
  }
  // One name, there or not, and two writes of four fates.
  expect(results.size).toBe(2 * 4 * 4);
});

test('an image tells what lies at a path', () => {
  const { image } = disk.after({ point: 5, cut: cut([], 'mkdir d') });
  expect(nodeAt(image, ['d'])).toBeInstanceOf(Map);
  expect(nodeAt(image, ['d', 'e', 'f'])).toBeUndefined();
  expect(folderAt(image, ['old']).size).toBe(0);
});
