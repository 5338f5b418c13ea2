/** What a command prints of a large snapshot does not wait in memory. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ingotWithPeak } from '../harness/peak-memory.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, numbered } from '../snapshot/trees.ts';

const MOST_MORE_BYTES = 80e6;
const PER_DIRECTORY = 1_000;

function tree(directories: number) {
  return Array.from({ length: directories }, (_, n) => `d${n}`).flatMap((name) => [
    directoryAt(name),
    ...numbered(name, PER_DIRECTORY),
  ]);
}

it.each([
  [['ls', '-R', 'large']],
  [['ls', '-Rl', 'large', '--json']],
  [['find', 'file-*', 'large']],
  [['diff', 'small', 'large']],
])(
  'of 200,000 entries no more than of some: %j',
  async (args) => {
    const root = join(temporaryDirectory(), 's');
    await storeSnapshot(root, tree(200), { label: 'large' });
    await storeSnapshot(root, tree(2), { label: 'small' });
    const small = args.map((word) => (word === 'large' ? 'small' : word));
    const few = ingotWithPeak([...small, '--store', root]);
    const many = ingotWithPeak([...args, '--store', root]);
    expect(many.ended.code).toBe(0);
    expect(many.ended.stdout.match(/file-00000/g)!.length).toBeGreaterThan(190);
    expect(many.peakBytes - few.peakBytes).toBeLessThan(MOST_MORE_BYTES);
  },
  60_000,
);
