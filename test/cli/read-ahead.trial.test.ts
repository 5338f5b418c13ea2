/** `verify` and `restore` that read ahead, whatever that is worth. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { verify } from 'ingot';
import { expect, it } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { ingot, script } from '../harness/run.ts';
import { plant, tempStore } from '../harness/temp-store.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = 600;
/** More than any run here takes, and less than a test may. */
const UNTIL_BLOCKED = 60_000;

const contentOf = (n: number) => `content ${n} `.repeat(n % 50);

function storeOfFiles(count = FILES): string {
  const files = Array.from({ length: count }, (_, n) => [`d${n % 7}/f${n}`, contentOf(n)] as const);
  const source = makeTree(Object.fromEntries(files));
  const store = join(temporaryDirectory(), 's');
  expect(ingot(['ingest', source, '--store', store, '-q'])).toMatchObject({ code: 0 });
  return store;
}

const run = (command: string, ...args: string[]) =>
  ingot([...command.split(' '), ...args, '--no-progress'], { timeout: UNTIL_BLOCKED });

/** Takes some objects away, and puts something else in the place of others. */
function spoil(store: string): void {
  const [link, fifo, missing, folder] = [1, 2, 3, 4].map((n) =>
    join(store, digestOf(Buffer.from(contentOf(n))) satisfies Digest),
  ) as [string, string, string, string];
  for (const path of [link, fifo, missing, folder]) fs.rmSync(path);
  fs.symlinkSync(join(store, digestOf(Buffer.from(contentOf(5)))), link);
  execFileSync('mkfifo', [fifo]);
  fs.mkdirSync(folder);
}

it('a verify finds the same, and says how far it read ahead', () => {
  const store = storeOfFiles();
  spoil(store);
  const verifyWith = (width: string) => {
    const { code, stdout } = run(`verify --store ${store} --json --read-ahead ${width}`);
    expect(code).toBe(4);
    const { wallMs, readAhead, objects, ...report } = JSON.parse(stdout);
    const byDigest = (a: { digest: string }, b: { digest: string }) =>
      a.digest < b.digest ? -1 : 1;
    return { readAhead, report, objects: objects.sort(byDigest) };
  };
  const [ahead, without] = [verifyWith('64'), verifyWith('0')];
  expect(ahead.report).toMatchObject({ damaged: 3, missing: 1 });
  expect(ahead.objects).toEqual(without.objects);
  expect(ahead.report).toEqual(without.report);
  expect(ahead.readAhead).toMatchObject({ width: 64 });
  expect(ahead.readAhead.files).toBe(ahead.report.checked - 3);
  expect(without.readAhead).toMatchObject({ width: 0, files: 0 });
  expect(without.readAhead.msWithout).toBeGreaterThan(0);
  expect(run(`verify --store ${store} --read-ahead 64`).stdout).toMatch(
    /; read ahead \d+ objects, up to 64 at a time: \d+\.\d\d ms each; 3 objects damaged/,
  );
});

it('a restore makes the same of it, and leaves unread what it leaves alone', () => {
  const store = storeOfFiles();
  spoil(store);
  const restore = (target: string, ...options: string[]) => {
    const ended = run(`restore latest ${target} --store ${store} --json`, ...options);
    expect(ended.code).toBe(3);
    const { wallMs, readAhead, failures, target: _, ...report } = JSON.parse(ended.stdout);
    return { readAhead, report, failed: failures.map(({ path }: { path: string }) => path).sort() };
  };
  const [one, other] = [join(temporaryDirectory(), 't'), join(temporaryDirectory(), 't')];
  const [ahead, without] = [restore(one, '--read-ahead', '64'), restore(other, '--read-ahead=0')];
  expect(ahead.failed).toEqual(['d1/f1', 'd2/f2', 'd3/f3', 'd4/f4']);
  expect({ ...ahead, readAhead: 0 }).toEqual({ ...without, readAhead: 0 });
  expect(script(`diff -r ${one} ${other}`)).toMatchObject({ code: 0, stdout: '' });
  expect(ahead.readAhead).toMatchObject({ width: 64, files: FILES - 4 });
  expect(without.readAhead).toMatchObject({ width: 0, files: 0 });
  const again = restore(one, '--read-ahead', '64', '--overwrite', 'if-changed');
  expect(again.report).toMatchObject({ failed: 4 });
  expect(again.readAhead).toMatchObject({ width: 0, files: 0 });
});

it.each([
  ['verify', ''],
  ['restore', 'latest TARGET'],
])('%s gets by with 64 descriptors', (command, args) => {
  const store = storeOfFiles(3000);
  const target = join(temporaryDirectory(), 't');
  const what = `${command} ${args.replace('TARGET', target)} --store ${store} --threads 2`;
  const ended = script(`ulimit -n 64; exec $INGOT ${what} --read-ahead 4096 --json --no-progress`, {
    timeout: UNTIL_BLOCKED,
  });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(ended.stdout).readAhead.files).toBeGreaterThan(2900);
});

it('a verify that is interrupted while it reads ahead ends soon', async () => {
  const root = tempStore();
  for (let n = 0; n < 3000; n++) plant(root, 'flat', `content ${n}`, 'damaged');
  const controller = new AbortController();
  const found: string[] = [];
  const onDamaged = ({ digest }: { readonly digest: string }) => {
    found.push(digest);
    controller.abort();
  };
  const { signal } = controller;
  const ending = verify(root, { readAhead: 4096, threads: 2, signal, onDamaged });
  await expect(ending).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
  // The batches that were in flight, two for each thread.
  expect(found.length).toBeLessThan(3000);
});

it.each(['verify', 'restore latest t'])('%s checks the value of the option', (command) => {
  for (const wrong of ['-1', '4097', 'none', '1.5', '']) {
    const ended = run(command, '--store', 's', `--read-ahead=${wrong}`);
    expect(ended.stderr).toMatch(/read-ahead.*It is neither auto nor a whole number/);
    expect(ended.code).toBe(2);
  }
});
