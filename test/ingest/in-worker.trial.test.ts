/** The library in worker threads of an application that opens files of its own meanwhile. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { environment, ingot } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

interface Performed {
  readonly job: string;
  /** Files that the application opened while the job ran. */
  readonly opened: number;
  /** Of these, closed under it, or somebody else's by now. */
  readonly lost: number;
  /** Descriptors that were not there before the job. */
  readonly left: number;
}

const FILES = 1500;

/** A tree of small files and a large one, and what else the application finds in its folder. */
function makeFolder(files = FILES): string {
  const folder = temporaryDirectory();
  for (const each of ['tree', 'mine']) fs.mkdirSync(join(folder, each));
  for (let n = 0; n < files; n++) {
    const directory = join(folder, 'tree', String(n % 20));
    if (n < 20) fs.mkdirSync(directory);
    fs.writeFileSync(join(directory, String(n)), `content ${n} `.repeat(n % 400));
  }
  fs.writeFileSync(join(folder, 'tree/large'), Buffer.alloc(5 << 20, 'large'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  return folder;
}

interface Circumstances {
  readonly order?: 'in-turn' | 'at-once';
  /** A call that the machine does not have. */
  readonly without?: string;
}

function perform(
  folder: string,
  jobs: readonly string[],
  { order = 'in-turn', without = '' }: Circumstances = {},
): Performed[] {
  const program = [fixture('application.mjs'), folder, order, ...jobs];
  const args = ['--import', fixture('without.mjs'), ...program];
  const env = environment({ WITHOUT: without });
  const ended = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 50_000 });
  // Node warns there of descriptors that it finds opened twice, or closed behind its back.
  expect(ended).toMatchObject({ status: 0, signal: null, stderr: '' });
  return ended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function expectSound(folder: string): void {
  const { code, stdout } = ingot(['verify', '--store', join(folder, 'store'), '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ damaged: 0 });
  expect(code).toBe(0);
}

const LEAVES_NOTHING = { lost: 0, left: 0 };

it.each(['nothing', 'openat2', 'statx', 'koffi'])(
  'closes no file of the application, and leaves none open: without %s',
  (without) => {
    const jobs = ['files', 'tree', 'get', 'verify'];
    if (without === 'nothing') jobs.push('put', 'list', 'fifos', 'relayout');
    const folder = makeFolder();
    for (const performed of perform(folder, jobs, { without }))
      expect(performed).toMatchObject(LEAVES_NOTHING);
    expectSound(folder);
  },
);

it('works in several threads on one store at once', () => {
  const folder = makeFolder();
  const performed = perform(folder, ['sharing', 'sharing', 'sharing'], { order: 'at-once' });
  expect(performed.map(({ lost }) => lost)).toEqual([0, 0, 0]);
  expectSound(folder);
});

it('leaves next to nothing open in threads that are terminated', () => {
  const performed = perform(makeFolder(8_000), new Array(6).fill('terminated'));
  for (const { lost } of performed) expect(lost).toBe(0);
  // Each of two threads may have three open: the directory of its batch, that of the files ahead, and
  // a file; and one of them the large file.
  for (const { left } of performed) expect(left).toBeLessThanOrEqual(2 * 3 + 1);
});
