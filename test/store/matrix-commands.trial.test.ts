import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Bench, runMatrix, type Trial } from '../harness/fault-trial.ts';
import { FORMATS } from '../harness/formats.ts';
import { expectCompletion, ingestTrial } from '../harness/ingest-trial.ts';
import { ingot } from '../harness/run.ts';
import { expectWhole } from '../harness/store-checks.ts';
import { makeTree } from '../harness/tree.ts';

const { makeSource } = ingestTrial('');

/** A store in which everything is. It is made once and copied from then on. */
function makeFullStore({ root, source, store }: Bench): void {
  const full = join(root, 'full');
  if (!fs.existsSync(full)) ingot(['ingest', source, '--store', full, '-q']);
  fs.cpSync(full, store, { recursive: true });
}

const base = { done: 0, unreadable: 1, makeSource, makeStore: () => {} } as const;

runMatrix({
  ...base,
  name: 'a put of a large file into a new store',
  from: 1,
  args: ({ source, store }) => ['put', join(source, 'large'), '--store', store, '--json'],
  complete: ({ source, store }) => {
    const { code, stdout } = ingot(['put', join(source, 'large'), '--store', store]);
    expect(code).toBe(0);
    expect(expectWhole(store)).toEqual([stdout.trim()]);
  },
} satisfies Trial);

runMatrix({
  ...base,
  name: 'a relayout to shards',
  from: 0,
  makeStore: makeFullStore,
  args: ({ store }) => ['relayout', '--to', 'sharded', '--store', store, '--json', '--no-progress'],
  complete: async (bench) => {
    const { code } = ingot(['relayout', '--to', 'sharded', '--store', bench.store, '-q']);
    expect(code).toBe(0);
    expect(fs.readdirSync(bench.store).filter((name) => name.length === 64)).toEqual([]);
    await expectCompletion(bench);
  },
} satisfies Trial);

const damaged = createHash('sha256').update('content 5').digest('hex');

runMatrix({
  ...base,
  name: 'a verify that moves a damaged object to quarantine, under the lock',
  from: 1,
  done: 4,
  damaged,
  makeStore: (bench) => {
    makeFullStore(bench);
    makeTree(FORMATS[2], bench.store);
    fs.chmodSync(join(bench.store, damaged), 0o644);
    fs.writeFileSync(join(bench.store, damaged), 'content x');
  },
  args: ({ store }) => [
    'verify',
    '--quarantine',
    '--store',
    store,
    '--threads',
    '1',
    '--json',
    '--no-progress',
  ],
  complete: async (bench) => {
    expect([0, 4]).toContain(ingot(['verify', '--quarantine', '--store', bench.store, '-q']).code);
    await expectCompletion(bench);
  },
} satisfies Trial);
