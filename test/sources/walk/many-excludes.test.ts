import fs from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { makeTree } from '../../harness/tree.ts';
import { walk } from './walking.ts';

/** In one directory: the walk hands them over in one piece where nothing takes long. */
const FILES = 1_000;

let root: string;
beforeEach(() => {
  const names = Array.from({ length: FILES }, (_, n) => [`d/${n}.h`, ''] as const);
  root = makeTree(Object.fromEntries(names));
});

/** Processor time between two turns of the event loop, the longest, in milliseconds. */
async function longestTurn(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let before = process.cpuUsage();
  const look = (): void => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.cpuUsage();
  };
  const timer = setInterval(look, 1);
  await work();
  clearInterval(timer);
  look();
  return longest;
}

/** Rules without a literal: each is held against each name. */
const likeAll = (n: number) => `?[a-z]${n.toString(2).replace(/0/g, '[x-z]').replace(/1/g, '?')}`;

test.each([
  ['that a literal tells apart', 60_000, (n: number) => `*/x${n}*`],
  ['that nothing tells apart', 2_000, likeAll],
])(
  'the event loop turns while rules are read and names held against them: %s',
  async (_, count, rule) => {
    const exclude = Array.from({ length: count }, (_, n) => rule(n + 1));
    const turn = await longestTurn(async () => {
      const sink = await walk([root], { exclude });
      expect(sink.found.length).toBe(FILES);
    });
    expect(turn).toBeLessThan(500);
  },
);

test('the event loop turns while names of a list are held against rules', async () => {
  const list = `${root}/list`;
  // Excluded: those are handed on to nobody who would make a pause.
  const names = Array.from({ length: 5 * FILES }, (_, n) => `a/${n.toString(36)}xyz.h\n`);
  fs.writeFileSync(list, names.join(''));
  const exclude = ['*.h', ...Array.from({ length: 2_000 }, (_, n) => likeAll(n + 1))];
  const turn = await longestTurn(async () => {
    const sink = await walk([], { exclude, filesFrom: list });
    expect(sink.found).toEqual([]);
  });
  expect(turn).toBeLessThan(500);
});
