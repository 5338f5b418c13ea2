/** What a command prints of a large snapshot does not wait in memory. */
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ingot } from '../harness/run.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, numbered } from '../snapshot/trees.ts';

const PER_DIRECTORY = 1_000;

function tree(directories: number) {
  return Array.from({ length: directories }, (_, n) => `d${n}`).flatMap((name) => [
    directoryAt(name),
    ...numbered(name, PER_DIRECTORY),
  ]);
}

const all = fs.mkdtempSync(join(os.tmpdir(), 'ingot-test-'));
const storeOf = (directories: number) => join(all, `of-${directories}`);
beforeAll(async () => {
  for (const directories of [200, 600]) {
    await storeSnapshot(storeOf(directories), tree(directories), { label: 'large' });
    await storeSnapshot(storeOf(directories), tree(2), { label: 'small' });
  }
}, 180_000);
afterAll(() => fs.rmSync(all, { recursive: true }));

/** `heap`: MB in which the lines have no room. What is read passes by outside of it. */
it.each<[args: string[], directories: number, heap: number]>([
  [['ls', '-R', 'large'], 200, 12],
  [['ls', '-Rl', 'large', '--json'], 200, 12],
  // It remembers what was found in each segment, which snapshots share.
  [['find', 'file-*', 'large'], 600, 40],
  [['diff', 'small', 'large'], 200, 12],
])(
  'of many entries: %j of %d directories of a thousand each, in %d MB',
  (args, directories, heap) => {
    const env = { NODE_OPTIONS: `--max-old-space-size=${heap}` };
    const { code, stdout, stderr } = ingot([...args, '--store', storeOf(directories)], { env });
    expect(code, stderr).toBe(0);
    expect(stdout.match(/file-00000/g)!.length).toBeGreaterThan(190);
  },
);
