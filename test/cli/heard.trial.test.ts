/** Where a command looks at every object, it hears a signal within a second. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ingot, start } from '../harness/run.ts';
import { plantMany, tempStore } from '../harness/temp-store.ts';
import { makeTree } from '../harness/tree.ts';

const SLOW_NAMES = fileURLToPath(new URL('../fixtures/slow-names.mjs', import.meta.url));

it.each([
  ['as it counts objects', 100, ['stats']],
  ['as it counts writers', 700, ['stats']],
  ['as it passes over objects', 100, ['verify', '--sample', '0.001%']],
  ['as it counts objects', 100, ['relayout', '--to', 'sharded']],
  ['as it moves them', 700, ['relayout', '--to', 'sharded']],
  ['as it looks for dead writers', 100, ['doctor']],
  ['as it counts objects', 700, ['doctor']],
  ['as it looks for dead writers', 100, ['ingest', 'src']],
  ['as it reads back what another run has not flushed', 800, ['ingest', 'src']],
])('%s, at name %i: %j', async (_, at, args) => {
  const cwd = makeTree({ 'src/a': 'hello' });
  const store = tempStore();
  ingot(['ingest', 'src', '--durability', 'none', '--store', store], { cwd });
  plantMany(store, 'flat', 600);
  const env = { NODE_OPTIONS: `--import ${SLOW_NAMES}`, SIGNALLED_AT: String(at) };
  const child = start([...args, '--store', store], cwd, env);
  let [stdout, stderr, signalledAt, heardAt] = ['', '', 0, Infinity];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (stderr.includes('signalled') && signalledAt === 0) signalledAt = performance.now();
    if (stderr.includes('SIGINT: stopping')) heardAt = Math.min(heardAt, performance.now());
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(stderr).toMatch(/signalled\ningot: SIGINT: stopping[\s\S]*interrupted/);
  expect(code).toBe(130);
  expect(heardAt - signalledAt).toBeLessThan(1000);
  if (args[0] !== 'ingest') expect(stdout).toBe('');
});
