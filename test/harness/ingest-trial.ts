/** An ingest as the trials of faults make it: one worker, and something of every kind. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Bench, Trial } from './fault-trial.ts';
import { ingot } from './run.ts';
import { expectNextRunCompletes } from './store-checks.ts';
import { makeTree, type TreeLiteral } from './tree.ts';

const FILES = 12;
const LARGE = Buffer.alloc(5 << 20, 'large');
const LINK = { 'd1/link': { symlink: 'no where' } } as const;
const contentOf = (n: number) => `content ${n}`;
const digestOf = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

export function ingestTrial(name: string, ...options: string[]): Trial {
  return {
    name,
    from: 0,
    done: 0,
    unreadable: 3,
    makeSource: ({ source }) => makeTree(tree(), source),
    makeStore: () => {},
    args: ({ source, store, manifest }) => [
      ...['ingest', source, '--store', store, '--manifest', manifest],
      ...['--threads', '1', '--json', '--no-progress', ...options],
    ],
    complete: expectCompletion,
  };
}

/** Small files, one twice, a large one and a link. */
export function tree(): TreeLiteral {
  const small = Array.from({ length: FILES }, (_, n) => [`d${n % 3}/f${n}`, contentOf(n)] as const);
  return { ...Object.fromEntries(small), 'd0/below/copy': contentOf(4), large: LARGE, ...LINK };
}

/** What a store may hold when an ingest begins: some of the contents, and a dead writer's temps. */
export function makeUsedStore({ root, store }: Bench): void {
  const first = join(root, 'used');
  if (!fs.existsSync(first)) {
    const contents = { a: contentOf(1), b: contentOf(2), c: contentOf(3) };
    ingot(['ingest', makeTree(contents, join(root, 'before')), '--store', first, '-q']);
    makeTree(
      { lock: 'flat\n', '0/5': 'half', '0/6': 'half' },
      join(first, '.tmp-dead0000000000000000000000000000'),
    );
  }
  fs.cpSync(first, store, { recursive: true });
}

/** One that has all contents of the source, and a snapshot of it. */
export function makeSameStore({ root, source, store }: Bench): void {
  const first = join(root, 'same');
  if (!fs.existsSync(first)) ingot(['ingest', source, '--store', first, '-q']);
  fs.cpSync(first, store, { recursive: true });
}

/** Nothing that an earlier run left is in the way of one that stores everything. */
export async function expectCompletion({ source, store }: Bench): Promise<void> {
  const stored = await expectNextRunCompletes(source, store);
  const all = [LARGE, ...Array.from({ length: FILES }, (_, n) => contentOf(n))].map(digestOf);
  expect(stored.sort()).toEqual(all.sort());
}
