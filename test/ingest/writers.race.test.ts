import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDigest } from 'ingot';
import { expect, it, onTestFinished } from 'vitest';
import { ingot, MAIN, tempsIn } from '../cli/run.ts';
import { makeTree, temporaryDirectory } from '../tree.ts';

/** Overlapping trees: every two share half of their contents. */
function overlappingTree(which: number): { source: string; contents: string[] } {
  const contents = Array.from({ length: 3_000 }, (_, n) => `content ${n + which * 1_500}`);
  const tree = Object.fromEntries(contents.map((content, n) => [`d${n % 30}/f${n}`, content]));
  return { source: makeTree(tree), contents };
}

function ingest(source: string, store: string): ChildProcess {
  const args = [MAIN, 'ingest', source, '--store', store, '--threads', '2', '-q', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Resolves with the exit code, null when a signal ended it. */
async function ended(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume();
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

it('four processes ingest into one store while a fifth is killed and restarted over and over', async () => {
  const store = path.join(temporaryDirectory(), 'store');
  const trees = [0, 1, 2, 3, 4].map(overlappingTree);
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
});

it('the temps of a live writer are never swept, those of a killed one are on the next open', async () => {
  const store = path.join(temporaryDirectory(), 'store');
  // A fifo as --files-from keeps a writer alive for as long as nobody writes to it.
  const fifo = path.join(makeTree({ fifo: { fifo: true } }), 'fifo');
  const source = makeTree({ a: 'one' });
  const args = [MAIN, 'ingest', source, '--files-from', fifo, '--store', store, '-q'];
  const waiting = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void waiting.kill('SIGKILL'));
  while (!fs.existsSync(store) || tempsIn(store).length === 0) await sleep(10);
  const temps = tempsIn(store);
  expect(await ended(ingest(source, store))).toBe(0);
  expect(tempsIn(store)).toEqual(temps);
  waiting.kill('SIGKILL');
  await once(waiting, 'close');
  expect(tempsIn(store)).toEqual(temps);
  expect(await ended(ingest(source, store))).toBe(0);
  expect(tempsIn(store)).toEqual([]);
});
