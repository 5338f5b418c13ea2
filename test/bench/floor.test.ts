import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
// The built one: it builds a program whose source lies beside it.
import { buildProgram } from '../../dist/bench/c-program.js';
import { demandProgram } from '../harness/mounts.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';
import { buildBeforehand } from './context.ts';
import { memoryDirectory } from './run.ts';

let program: string;

beforeAll(async () => {
  const remove = await buildBeforehand('floors/floor.c');
  const built = await buildProgram('floors/floor.c');
  if ('path' in built) program = built.path;
  return remove;
});

it('a floor fails when its tree is not there', (context) => {
  demandProgram(context, 'cc');
  const missing = join(temporaryDirectory(), 'missing');
  const { status, stderr } = spawnSync(program, ['read', missing, '/no/out', '1', '1', '1'], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`${missing}: No such file`);
});

it('the fsyncs that stand for all have their share of large and small files', (context) => {
  demandProgram(context, 'cc');
  const tree = memoryDirectory();
  for (let n = 0; n < 4000; n++) fs.writeFileSync(join(tree, `${n}`), '');
  const walked = execFileSync('find', [tree, '-type', 'f'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  // The first half of a walk is large.
  for (const file of walked.slice(0, 2000)) fs.writeFileSync(file, 'x'.repeat(100));
  const out = join(memoryDirectory(), 'out');
  const { status } = spawnSync(program, ['fsync', tree, out, '1', '4000', '200000']);
  expect(status).toBe(0);
  const names = fs.readdirSync(out).filter((name) => !name.startsWith('.'));
  const bytes = names.reduce((sum, name) => sum + fs.statSync(join(out, name)).size, 0);
  expect([names.length, bytes]).toEqual([2000, 100_000]);
});

/** How often each of these system calls was made, all threads together. */
function callsOf(mode: string, syscalls: readonly string[]): number[] {
  const tree = makeTree({ a: 'one', b: 'two', 'c/d': 'three' });
  const [log, out] = ['log', 'out'].map((name) => join(temporaryDirectory(), name)) as [
    string,
    string,
  ];
  const options = ['-f', '-e', `trace=${syscalls}`, '-o', log];
  execFileSync('strace', [...options, program, mode, tree, out, '2', '3', '11']);
  const lines = fs.readFileSync(log, 'utf8').split('\n');
  return syscalls.map((name) => lines.filter((line) => line.includes(` ${name}(`)).length);
}

it.for([
  ['write', [3, 0, 0]],
  ['barrier', [3, 0, 1]],
  ['fsync', [3, 3, 0]],
] as const)('the floor %s renames and flushes as it says', ([mode, calls], context) => {
  demandProgram(context, 'cc');
  demandProgram(context, 'strace');
  expect(callsOf(mode, ['rename', 'fsync', 'syncfs'])).toEqual(calls);
});

it('the floor hash hashes every file, and the floor read none', (context) => {
  demandProgram(context, 'cc');
  const contents = ['one', 'two', 'three'];
  const tree = makeTree(Object.fromEntries(contents.map((content) => [content, content])));
  const run = (mode: string) =>
    JSON.parse(
      execFileSync(program, [mode, tree, '/no/out', '2', '3', '11'], { encoding: 'utf8' }),
    ) as { digests?: string };
  const firsts = contents.map((content) =>
    createHash('sha256').update(content).digest().readBigUInt64BE(),
  );
  const all = firsts.reduce((sum, each) => sum ^ each, 0n);
  expect(run('hash').digests).toBe(all.toString(16).padStart(16, '0'));
  expect(run('read').digests).toBeUndefined();
});
