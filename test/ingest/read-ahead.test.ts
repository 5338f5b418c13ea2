/** An ingest that reads ahead, whatever that is worth. */
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { expect, it } from 'vitest';
import { ingot } from '../harness/run.ts';
import { expectWhole } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { LATER } from './again.ts';

const FILES = 300;

const makeSource = () =>
  makeTree({
    ...Object.fromEntries(
      Array.from({ length: FILES }, (_, n) => [`d${n % 7}/f${n}`, `content ${n} `.repeat(n % 50)]),
    ),
    'd0/link': { symlink: 'f0' },
    large: 'x'.repeat(5 << 20),
  });

const newStore = () => join(temporaryDirectory(), 's');

it('takes in the same, and says how far it read ahead', async () => {
  const source = makeSource();
  const [with64, without] = [newStore(), newStore()];
  const options = { threads: 2, batchFiles: 50 };
  const { readAhead, ...report } = await ingest(with64, [source], { ...options, readAhead: 64 });
  const none = await ingest(without, [source], { ...options, readAhead: 0 });
  expect(readAhead).toMatchObject({ width: 64, files: FILES });
  expect(readAhead.msWith).toBeGreaterThan(0);
  expect(none.readAhead).toMatchObject({ width: 0, files: 0, msWith: undefined });
  expect(none.readAhead.msWithout).toBeGreaterThan(0);
  expect(none.outcomes).toEqual(report.outcomes);
  expect(none.snapshot?.root).toBe(report.snapshot?.root);
  expect(expectWhole(with64)).toEqual(expectWhole(without));
});

it('does not read ahead what is known, though it was asked for', () => {
  const source = makeSource();
  const store = newStore();
  const run = () => {
    const options = ['--store', store, '--json', '--no-progress', '--read-ahead', '64'];
    const env = { NODE_OPTIONS: `--import ${LATER}`, AHEAD_MS: '10000' };
    return JSON.parse(ingot(['ingest', source, ...options], { env }).stdout);
  };
  expect(run().readAhead).toMatchObject({ width: 64, files: FILES });
  // Its names are read anew: those of the others are known, too.
  fs.writeFileSync(join(source, 'd0/new'), 'new');
  const { readAhead, outcomes } = run();
  expect(outcomes).toMatchObject({ unchanged: FILES + 1, new: 1 });
  expect(readAhead).toMatchObject({ width: 0, files: 0 });
});

it('is an option of ingest and plan, whose values are checked', () => {
  const cwd = makeTree({ 'src/a': 'a', 'src/b': 'b' });
  const run = (...options: string[]) =>
    ingot(['ingest', 'src', '--store', newStore(), '--json', '--no-progress', ...options], { cwd });
  expect(JSON.parse(run('--read-ahead', '7').stdout).readAhead).toMatchObject({
    width: 7,
    files: 2,
  });
  expect(JSON.parse(run('--read-ahead', 'auto').stdout).readAhead).toMatchObject({ width: 0 });
  for (const wrong of ['-1', '4097', 'none', '1.5', '']) {
    const ended = run(`--read-ahead=${wrong}`);
    expect(ended.stderr).toMatch(/read-ahead.*It is neither auto nor a whole number/);
    expect(ended.code).toBe(2);
  }
});
