import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
// The built one: it builds a program whose source lies beside it.
import { buildProgram } from '../../dist/bench/c-program.js';
import { demandProgram } from '../mounts.ts';
import { temporaryDirectory } from '../tree.ts';
import { memoryDirectory } from './run.ts';

let program: string;

beforeAll(async () => {
  const built = await buildProgram('floors/floor.c');
  if ('path' in built) program = built.path;
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
