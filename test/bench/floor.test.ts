import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
// The built one: it builds a program whose source lies beside it.
import { buildProgram } from '../../dist/bench/c-program.js';
import { demandProgram } from '../mounts.ts';
import { temporaryDirectory } from '../tree.ts';

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
