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

test.each([
  ['that a literal tells apart', 60_000, (n: number) => `*/x${n}*`],
  [
    'that nothing tells apart',
    2_000,
    (n: number) => `?[a-z]${n.toString(2).replace(/0/g, '[x-z]').replace(/1/g, '?')}`,
  ],
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
