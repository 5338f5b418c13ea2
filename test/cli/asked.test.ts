/** SIGUSR1 and SIGUSR2 ask a command how far it is, as they do with dd and restic. */
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ended, endOf, ingot, start, tempsIn, untilEvent } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const ALL_ALONG = fileURLToPath(new URL('../fixtures/asked-all-along.mjs', import.meta.url));
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello', 'src/b': 'other', 'src/c': 'hello' });
});

function askedAllAlong(...args: string[]): Ended {
  const env = { NODE_OPTIONS: `--import ${ALL_ALONG}` };
  return ingot(args, { cwd, env, timeout: 55_000 });
}

/** All that it says are answers: no debugger listens. */
function expectAnswers({ stderr }: Ended): void {
  const lines = stderr.split('\n').slice(0, -1);
  expect(lines.filter((line) => !line.startsWith('ingot: '))).toEqual([]);
}

describe('a command that is asked all along, from its first line on', () => {
  it.each([
    ['ingest', 'src', '--store', 's'],
    ['put', 'src/a', '--store', 's'],
    ['get', HELLO, '--store', 'full'],
    ['get', HELLO, '-o', 'copy', '--store', 'full'],
    ['verify', '--store', 'full'],
    ['relayout', '--to', 'sharded', '--store', 'full'],
    ['stats', '--store', 'full'],
    ['doctor', '--seconds', '1', '--store', 's'],
    ['selftest', '.', '--only', 'fresh-tree'],
    ['--help'],
  ])('does its work and ends well: %s', (...args) => {
    ingot(['ingest', 'src', '--store', 'full'], { cwd });
    const ended = askedAllAlong(...args);
    expectAnswers(ended);
    expect(ended.code).toBe(0);
    expect(tempsIn(cwd)).toEqual([]);
  });

  it('and has nothing to do fails as ever', () => {
    const ended = askedAllAlong('stats', '--store', 'nowhere');
    expectAnswers(ended);
    expect(ended.code).toBe(1);
  });
});

describe('the answer', () => {
  /** Resolves with the next line on stderr. */
  async function ask(
    child: ReturnType<typeof start>,
    signal: NodeJS.Signals = 'SIGUSR1',
  ): Promise<string> {
    child.kill(signal);
    const [chunk] = await once(child.stderr, 'data');
    return String(chunk);
  }

  async function untilAnswer(
    child: ReturnType<typeof start>,
    isWanted: (answer: string) => boolean,
  ): Promise<void> {
    while (!isWanted(await ask(child)) || !isWanted(await ask(child, 'SIGUSR2'))) await delay(20);
  }

  /** A writer is there, so its program listens. */
  async function untilTempsIn(store: string): Promise<void> {
    const folder = join(cwd, store);
    while (!fs.existsSync(folder) || tempsIn(folder).length === 0) await delay(10);
  }

  it.each([
    ['on a run that shows none', ['--no-progress']],
    ['on a quiet run', ['-q']],
    ['on one that prints events', ['--json=events']],
  ])('of an ingest is its progress, %s', async (_, options) => {
    const child = start(['ingest', '--files-from', '-', '--store', 's', ...options], cwd);
    const end = endOf(child);
    child.stdin.write('src/a\n');
    await untilTempsIn('s');
    const state = /^ingot: \d+\/\d+\+ entries {2}\d+ B/;
    await untilAnswer(child, (answer) => state.test(answer));
    child.stdin.end('src/c\n');
    expect((await end).code).toBe(0);
  });

  it('of a put is how much it has read', async () => {
    const child = start(['put', '-', '--store', 's'], cwd);
    const end = endOf(child);
    child.stdin.write(Buffer.alloc(3 << 20));
    await untilTempsIn('s');
    await untilAnswer(child, (answer) => answer.includes('storing -, 3.15 MB read'));
    child.stdin.end();
    expect((await end).code).toBe(0);
  });

  it('of a get is how much it has written', async () => {
    fs.writeFileSync(join(cwd, 'large'), Buffer.alloc(4 << 20));
    const digest = ingot(['put', 'large', '--store', 's'], { cwd }).stdout.trim();
    const child = start(['get', digest, '--store', 's'], cwd);
    // Nobody reads its output yet.
    await once(child.stdout, 'readable');
    const size = /^ingot: [\d.]+ [kM]B of [0-9a-f]{64} written/;
    await untilAnswer(child, (answer) => size.test(answer));
    expect((await endOf(child)).code).toBe(0);
  });

  it('of a doctor is the probe that it is at', async () => {
    const child = start(['doctor', '--store', 's', '--seconds', '2', '--json=events'], cwd);
    const end = endOf(child);
    await untilEvent(child, { probe: 'rates' });
    expect(await ask(child)).toMatch(/^ingot: trying out the disk: \w+\n/);
    expect((await end).code).toBe(0);
  });
});
