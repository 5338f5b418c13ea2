import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDigest } from 'ingot';
import { describe, expect, it } from 'vitest';
import { NOT_EMPTY, plant } from '../harness/planted.ts';
import { ingot, start, tempsIn } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

/** Overlapping trees: every two share half of their contents. */
function overlappingTree(which: number, files: number): { source: string; contents: string[] } {
  const contents = Array.from({ length: files }, (_, n) => `content ${n + (which * files) / 2}`);
  const tree = Object.fromEntries(contents.map((content, n) => [`d${n % 30}/f${n}`, content]));
  return { source: makeTree(tree), contents };
}

function ingest(source: string, store: string): ChildProcess {
  return start(['ingest', source, '--store', store, '--threads', '2', '-q', '--json']);
}

/** Resolves with the exit code, null when a signal ended it. */
async function ended(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume();
  child.stderr?.pipe(process.stderr);
  const [code] = await once(child, 'close');
  return code;
}

const digestsOf = (contents: readonly string[]) =>
  contents.map((content) => createHash('sha256').update(content).digest('hex'));

function damagedIn(store: string): string[] {
  return fs
    .readdirSync(store)
    .filter(isDigest)
    .filter((name) => digestsOf([fs.readFileSync(path.join(store, name), 'latin1')])[0] !== name);
}

/** Four processes ingest into one store while a fifth is killed and restarted over and over. */
async function race(files: number): Promise<void> {
  const store = path.join(temporaryDirectory(), 'store');
  const trees = [0, 1, 2, 3, 4].map((which) => overlappingTree(which, files));
  const victimsTree = trees.pop()!;
  const steady = trees.map(({ source }) => ended(ingest(source, store)));
  let running = true;
  const all = Promise.all(steady).finally(() => {
    running = false;
  });
  let kills = 0;
  for (let wait = 150; running || kills < 5; wait = 150 + ((wait + 97) % 400)) {
    const victim = ingest(victimsTree.source, store);
    const over = ended(victim);
    await Promise.race([sleep(wait), over]);
    if (victim.kill('SIGKILL')) kills++;
    await over;
  }
  expect(await all).toEqual([0, 0, 0, 0]);
  expect(kills).toBeGreaterThanOrEqual(5);
  expect(damagedIn(store)).toEqual([]);
  const stored = new Set(fs.readdirSync(store));
  const missing = trees
    .flatMap(({ contents }) => digestsOf(contents))
    .filter((name) => !stored.has(name));
  expect(missing).toEqual([]);

  expect(await ended(ingest(victimsTree.source, store))).toBe(0);
  expect(tempsIn(store)).toEqual([]);
  const contents = new Set([...trees, victimsTree].flatMap((tree) => tree.contents));
  expect(fs.readdirSync(store).filter(isDigest).sort()).toEqual(digestsOf([...contents]).sort());
  expect(ingot(['verify', '--store', store]).code).toBe(0);
}

/** The temps of a live writer are never swept, those of a killed one are on the next open. */
async function outlive(): Promise<void> {
  const store = path.join(temporaryDirectory(), 'store');
  // A fifo as --files-from keeps a writer alive for as long as nobody writes to it.
  const fifo = path.join(makeTree({ fifo: { fifo: true } }), 'fifo');
  const source = makeTree({ a: 'one' });
  const waiting = start(['ingest', source, '--files-from', fifo, '--store', store, '-q']);
  while (!fs.existsSync(store) || tempsIn(store).length === 0) await sleep(10);
  const temps = tempsIn(store);
  expect(await ended(ingest(source, store))).toBe(0);
  expect(tempsIn(store)).toEqual(temps);
  waiting.kill('SIGKILL');
  await once(waiting, 'close');
  expect(tempsIn(store)).toEqual(temps);
  expect(await ended(ingest(source, store))).toBe(0);
  expect(tempsIn(store)).toEqual([]);
}

describe('processes that share a store', () => {
  it('end well, four of them, while a fifth is killed and restarted over and over', () =>
    race(3_000));

  it('never sweep the temps of a live writer, but those of a killed one on the next open', () =>
    outlive());
});

describe('the trial of writers finds', () => {
  it('objects that are told as stored, and are not', async () => {
    plant('forget');
    await expect(race(60)).rejects.toThrow(NOT_EMPTY);
  });

  it('temps of a live writer that are swept', async () => {
    plant('anyLock');
    await expect(outlive()).rejects.toThrow(/to deeply equal \[ Array\(1\) \]/);
  });
});
