import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type AtStage, endAtStage, freezeAtStage, type Landing } from '../at-stage.ts';
import { ingot, tempsIn } from '../cli/run.ts';
import { makeTree, temporaryDirectory } from '../tree.ts';
import { expectWhole } from './store-checks.ts';

/** More of them with INGOT_KILLS; where each lands follows from INGOT_KILLS_SEED. */
const KILLS = Number(process.env.INGOT_KILLS ?? 24);
const SEED = Number(process.env.INGOT_KILLS_SEED ?? 1);

/** The stages, each with a barrier of every kind, and how many calls of it a run makes at least. */
const STAGES: readonly [Landing['stage'], calls: number, options: readonly string[]][] = [
  ['walk', 4, []],
  ['read', 30, []],
  ['stage', 15, []],
  ['barrier', 1, ['--barrier', 'auto']],
  ['barrier', 15, ['--barrier', 'fsync']],
  ['barrier', 15, ['--durability', 'file']],
  ['publish', 15, []],
  ['flush', 1, []],
];

/** Half of its contents are those of every other tree. */
const contentsOf = (tree: string) =>
  Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? `content ${n}` : `content ${n} of ${tree}`));

function makeSource(root: string, tree: string): string {
  const files = contentsOf(tree).map((content, n) => [`d${n % 3}/f${n}`, content] as const);
  return makeTree(Object.fromEntries(files), join(root, 'source', tree));
}

function randomBelow(limit: number, what: string): number {
  return createHash('sha256').update(`${SEED} ${what}`).digest().readUInt32LE() % limit;
}

/** The temps of some writers, with what is in them. */
function tempsOf(store: string, writers: readonly string[]): Record<string, string> {
  const files = writers.flatMap((writer) =>
    fs
      .readdirSync(join(store, writer), { recursive: true, encoding: 'utf8' })
      .map((name) => join(store, writer, name))
      .filter((path) => fs.statSync(path).isFile()),
  );
  return Object.fromEntries(files.map((path) => [path, fs.readFileSync(path, 'latin1')]));
}

it('ingests that are killed in every stage cost nothing but their own unfinished work', async () => {
  const root = temporaryDirectory();
  const store = join(root, 'store');
  const ingest = (tree: string, ...options: string[]) => [
    ...['ingest', makeSource(root, tree), '--store', store, '--threads', '2', '-q', ...options],
  ];
  expect(ingot(ingest('first')).code).toBe(0);

  // Two writers live through it all, one of them half-way through giving objects their names.
  const alive: AtStage[] = [
    await freezeAtStage(ingest('alive 1'), { stage: 'barrier', nth: 1 }),
    await freezeAtStage(ingest('alive 2'), { stage: 'publish', nth: 9 }),
  ];
  const writers = tempsIn(store);
  const kept = tempsOf(store, writers);
  expect(writers.length).toBe(2);
  expect(Object.keys(kept).length).toBeGreaterThan(20);

  const landed = new Map<string, number>();
  for (let round = 0; round < KILLS; round++) {
    const [stage, calls, options] = STAGES[round % STAGES.length]!;
    const nth = 1 + randomBelow(calls, `kill ${round}`);
    const landing = { stage, nth, signal: 'SIGKILL' } as const;
    const ended = await endAtStage(ingest(`killed ${round}`, ...options), landing);
    expect(ended.signal).toBe('SIGKILL');
    landed.set(stage, (landed.get(stage) ?? 0) + 1);
    expectWhole(store, tempsIn(store));
    expect(tempsOf(store, writers)).toEqual(kept);
    // What the round before left was swept by this one; there is at most one more dead writer.
    expect(tempsIn(store).length).toBeLessThanOrEqual(writers.length + 1);
    if (randomBelow(3, `restart ${round}`) === 0)
      expect(ingot(ingest(`killed ${round}`)).code).toBe(0);
  }
  console.log(`kills by stage: ${[...landed].map(([stage, n]) => `${stage} ${n}`).join(', ')}`);
  expect([...landed.keys()].sort()).toEqual([...new Set(STAGES.map(([stage]) => stage))].sort());

  for (const { child } of alive) child.kill('SIGCONT');
  for (const { end } of alive) expect(await end).toMatchObject({ code: 0 });
  // All of the sources, again.
  expect(ingot(['ingest', join(root, 'source'), '--store', store, '-q']).code).toBe(0);
  expect(tempsIn(store)).toEqual([]);
  const killed = Array.from({ length: KILLS }, (_, round) => `killed ${round}`);
  const trees = ['first', 'alive 1', 'alive 2', ...killed];
  const all = new Set(trees.flatMap(contentsOf));
  expect(new Set(expectWhole(store))).toEqual(
    new Set([...all].map((content) => createHash('sha256').update(content).digest('hex'))),
  );
}, 600_000);
