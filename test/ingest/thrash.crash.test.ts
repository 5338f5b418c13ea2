import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AtStage, endAtStage, freezeAtStage, type Landing } from '../harness/at-stage.ts';
import { plant } from '../harness/planted.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import { expectWhole } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

/** More of them with INGOT_KILLS; where each lands follows from INGOT_KILLS_SEED. */
const KILLS = Number(process.env.INGOT_KILLS ?? 16);
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

/**
 * Ingests are killed, so many of them, beside two that live through it all. Gives the stages in
 * which the kills landed.
 */
async function thrash(kills: number): Promise<string[]> {
  const root = temporaryDirectory();
  const store = join(root, 'store');
  const ingestOf = (tree: string, ...options: string[]) => [
    ...['ingest', makeSource(root, tree), '--store', store, '--threads', '2', '-q', ...options],
  ];

  /** Gives the stage in which the kill landed. */
  async function kill(round: number): Promise<string> {
    const [stage, calls, options] = STAGES[round % STAGES.length]!;
    const nth = 1 + randomBelow(calls, `kill ${round}`);
    const args = ingestOf(`killed ${round}`, ...options);
    const { signal } = await endAtStage(args, { stage, nth, signal: 'SIGKILL' });
    expect(signal).toBe('SIGKILL');
    return stage;
  }

  expect(ingot(ingestOf('first')).code).toBe(0);
  // One of them is half-way through giving objects their names. Their temps have names, too.
  const named = ['--barrier', 'fsync'];
  const alive: AtStage[] = [
    await freezeAtStage(ingestOf('alive 1', ...named), { stage: 'barrier', nth: 1 }),
    await freezeAtStage(ingestOf('alive 2', ...named), { stage: 'publish', nth: 9 }),
  ];
  const writers = tempsIn(store);
  expect(writers.length).toBe(alive.length);
  const kept = tempsOf(store, writers);
  expect(Object.keys(kept).length).toBeGreaterThan(20);

  const landed: string[] = [];
  for (let round = 0; round < kills; round++) {
    landed.push(await kill(round));
    expectWhole(store, tempsIn(store));
    expect(tempsOf(store, writers)).toEqual(kept);
    // What the kill before left was swept: there is at most one more dead writer.
    expect(tempsIn(store).length).toBeLessThanOrEqual(writers.length + 1);
    if (randomBelow(3, `restart ${round}`) === 0)
      expect(ingot(ingestOf(`killed ${round}`)).code).toBe(0);
  }
  for (const { child } of alive) child.kill('SIGCONT');
  for (const { end } of alive) expect(await end).toMatchObject({ code: 0 });
  expect(ingot(['ingest', join(root, 'source'), '--store', store, '-q']).code).toBe(0);
  expect(tempsIn(store)).toEqual([]);
  expect(new Set(expectWhole(store))).toEqual(digestsOf(fs.readdirSync(join(root, 'source'))));
  return landed;
}

describe('ingests that are killed in every stage', () => {
  it('cost nothing but their own unfinished work', { timeout: 600_000 }, async () => {
    const landed = await thrash(KILLS);
    tell(landed);
    expect(new Set(landed)).toEqual(new Set(STAGES.map(([stage]) => stage)));
  });
});

describe('the trial of many kills finds', () => {
  it.each([
    ['temps of live writers that are swept', 'anyLock', /expected 1 to be 2/],
    ['temps of dead ones that are not', 'neverSweep', /expected 4 to be less than or equal to 3/],
  ])('%s', async (_, defect, found) => {
    plant(defect);
    await expect(thrash(2)).rejects.toThrow(found);
  });
});

function digestsOf(trees: readonly string[]): Set<string> {
  const digestOf = (content: string) => createHash('sha256').update(content).digest('hex');
  return new Set(trees.flatMap(contentsOf).map(digestOf));
}

function tell(landed: readonly string[]): void {
  const count = (stage: string) => landed.filter((each) => each === stage).length;
  const stages = [...new Set(landed)].map((stage) => `${stage} ${count(stage)}`);
  console.log(`${landed.length} kills: ${stages.join(', ')}`);
}
