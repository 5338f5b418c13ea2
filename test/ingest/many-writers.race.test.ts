/** Many processes at once on one store, with verify and relayout beside them. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freezeAtStage } from '../harness/at-stage.ts';
import { type Ended, ingot, start } from '../harness/run.ts';
import { expectWhole, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const PROCESSES = 8;
const ROUNDS = 2;
const FILES = 240;

const digestOf = (content: string) => createHash('sha256').update(content).digest('hex');

/** Every tree shares half of its contents with the one before and half with the one after. */
const contentsOf = (process: number, round: number) =>
  Array.from({ length: FILES }, (_, n) => `${round} ${n + (process * FILES) / 2}`);

function makeSource(contents: readonly string[], root = temporaryDirectory()): string {
  const files = contents.map((content, n) => [`d${n % 7}/f${n}`, content] as const);
  return makeTree(Object.fromEntries(files), root);
}

/** `ingot ARGS`, beside others, to its end. */
async function run(...args: string[]): Promise<Ended> {
  const child = start(args);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** Does it over and over until the others are done, and at least once. Gives how often. */
async function meanwhile(others: Promise<unknown>, once: () => Promise<void>): Promise<number> {
  let running = true;
  const done = others.finally(() => {
    running = false;
  });
  let times = 0;
  do {
    await once();
    times++;
  } while (running);
  await done;
  return times;
}

/** Objects that do not lie where this layout has them. */
function inOtherLayout(store: string, layout: string): string[] {
  const names = fs.readdirSync(store);
  if (layout === 'sharded') return names.filter((name) => name.length === 64);
  return names
    .filter((name) => name.length === 2)
    .flatMap((shard) => fs.readdirSync(join(store, shard)));
}

/** Each object once, where store.json says, with its own bytes, and nothing else in the store. */
function expectEachOnce(store: string, digests: Iterable<string>): void {
  const { layout, movingFrom } = JSON.parse(
    fs.readFileSync(join(store, '.ingot', 'store.json'), 'utf8'),
  );
  expect(movingFrom).toBeUndefined();
  expect(expectWhole(store).sort()).toEqual([...digests].sort());
  expect(inOtherLayout(store, layout)).toEqual([]);
  expect(fs.existsSync(join(store, '.ingot', 'quarantine'))).toBe(false);
  expect(fs.readdirSync(join(store, '.ingot')).filter((name) => /tmp-/.test(name))).toEqual([]);
}

describe('processes that ingest into one store', () => {
  it('end well, eight of them, while others verify it and change its layout, and so does the store', {
    timeout: 180_000,
  }, async () => {
    const store = join(temporaryDirectory(), 'store');
    expect(ingot(['ingest', makeSource(['first']), '--store', store, '-q']).code).toBe(0);
    const ingestAll = async (process: number) => {
      for (let round = 0; round < ROUNDS; round++) {
        const source = makeSource(contentsOf(process, round));
        const ended = await run(
          ...['ingest', source, '--store', store, '--threads', '1', '--json', '--no-progress'],
        );
        expect(ended.code).toBe(0);
        expect(ended.stderr).toBe('');
        const { new: added = 0, duplicate = 0 } = outcomesOf(ended);
        expect(added + duplicate).toBe(FILES);
      }
    };
    const all = Promise.all(Array.from({ length: PROCESSES }, (_, n) => ingestAll(n)));
    let moved = 0;
    const moves = meanwhile(all, async () => {
      for (const to of ['sharded', 'flat']) {
        const ended = await run('relayout', '--to', to, '--store', store, '--json');
        expect(ended.code).toBe(0);
        moved += JSON.parse(ended.stdout).moved;
        // Writers of the layout that was left are gone, and others publish in the new one.
        expect(inOtherLayout(store, to)).toEqual([]);
      }
    });
    const checks = meanwhile(all, async () => {
      const ended = await run('verify', '--store', store, '--json');
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(ended.stdout)).toMatchObject({ damaged: 0 });
    });
    await all;
    console.log(`${await moves} times to and fro, ${moved} moves; ${await checks} verifies`);
    expect(moved).toBeGreaterThan(0);

    const numbers = [...Array(PROCESSES * ROUNDS).keys()];
    const contents = numbers.flatMap((n) => contentsOf(n % PROCESSES, Math.floor(n / PROCESSES)));
    const digests = new Set(['first', ...contents].map(digestOf));
    expectEachOnce(store, digests);
    expect(ingot(['relayout', '--to', 'sharded', '--store', store, '-q']).code).toBe(0);
    expectEachOnce(store, digests);
  });

  it('are waited for by a relayout that meets one half-way through giving objects their names', async () => {
    const root = temporaryDirectory();
    const store = join(root, 'store');
    const contents = contentsOf(0, 0);
    const source = makeSource(contents, join(root, 'source'));
    const args = ['ingest', source, '--store', store, '--threads', '1', '-q'];
    const frozen = await freezeAtStage(args, { stage: 'publish', nth: 100 });
    const relayout = start(['relayout', '--to', 'sharded', '--store', store, '--json']);
    const ended = once(relayout, 'close');
    const [notice] = await Promise.race([once(relayout.stderr, 'data'), ended]);
    expect(String(notice)).toMatch(/waiting until 1 writer of the old layout ended/);
    frozen.child.kill('SIGCONT');
    expect(await frozen.end).toMatchObject({ code: 0, stderr: '' });
    expect((await ended)[0]).toBe(0);
    expectEachOnce(store, contents.map(digestOf));
  });

  it.each([
    [
      'an object in both layouts',
      (store: string, name: string) => {
        fs.mkdirSync(join(store, name.slice(0, 2)));
        fs.linkSync(join(store, name), join(store, name.slice(0, 2), name));
      },
    ],
    [
      'an object in the layout that was left',
      (store: string, name: string) => {
        fs.mkdirSync(join(store, name.slice(0, 2)));
        fs.renameSync(join(store, name), join(store, name.slice(0, 2), name));
      },
    ],
    [
      'an object with other bytes',
      (store: string, name: string) => {
        fs.rmSync(join(store, name));
        fs.writeFileSync(join(store, name), 'other');
      },
    ],
    ['an object too few', (store: string, name: string) => fs.rmSync(join(store, name))],
    ['a temp', (store: string) => fs.mkdirSync(join(store, '.tmp-left'))],
    [
      'a temp of store.json',
      (store: string) => fs.writeFileSync(join(store, '.ingot', 'store.json.ingot.tmp-0'), ''),
    ],
  ])('would not pass with %s', (_, spoil) => {
    const store = join(temporaryDirectory(), 'store');
    const contents = ['one', 'two', 'three'];
    expect(ingot(['ingest', makeSource(contents), '--store', store, '-q']).code).toBe(0);
    const digests = contents.map(digestOf);
    expectEachOnce(store, digests);
    spoil(store, digests[0]!);
    expect(() => expectEachOnce(store, digests)).toThrow();
  });
});
