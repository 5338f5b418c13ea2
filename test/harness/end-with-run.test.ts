import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { makeTree } from '../tree.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Of the same settings as all tests, and of what goes before them only what is tried here. */
const CONFIG = `
  import { defineConfig } from 'vitest/config';
  import all from '${CHECKOUT}/vitest.config.ts';
  const globalSetup = [all.test.globalSetup].flat().filter((path) => path.includes('end-with-run'));
  export default defineConfig({ test: { ...all.test, globalSetup, include: ['*.hangs.mjs'], globals: true } });
`;

/** A worker that waits in place, and one that does not; \`$0\` names the folder to whoever looks. */
const HANGS = {
  'in-place.hangs.mjs': `
    import { spawnSync } from 'node:child_process';
    it('hangs', () => spawnSync('sh', ['-c', 'touch $0/in-place; sleep 60; :', import.meta.dirname]));`,
  'detached.hangs.mjs': `
    import { spawn } from 'node:child_process';
    it('hangs', async () => {
      spawn('sh', ['-c', 'touch $0/detached; sleep 60; :', import.meta.dirname], { detached: true });
      await new Promise(() => {});
    });`,
  // It needs a moment to tidy up.
  'tidy.hangs.mjs': `
    import { spawn } from 'node:child_process';
    it('hangs', async () => {
      const tidy = 'trap "sleep 0.2; touch $0/tidied; exit" TERM; touch $0/tidy; while :; do sleep 0.1; done';
      spawn('sh', ['-c', tidy, import.meta.dirname], { detached: true });
      await new Promise(() => {});
    });`,
};

function processesIn(folder: string): string[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(commandLineOf).filter((line) => line.includes(folder));
}

/** Empty when it has ended, whether its parent has noticed or not. */
function commandLineOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return '';
    throw error;
  }
}

/** Their command lines do not hold the folder. */
function workersOf(run: ChildProcess): string[] {
  const children = `/proc/${run.pid}/task/${run.pid}/children`;
  return fs.readFileSync(children, 'utf8').trim().split(' ');
}

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('a test run that is ended by %s leaves no process behind', async (signal, code) => {
  const folder = makeTree({ 'vitest.config.mjs': CONFIG, ...HANGS });
  fs.symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const vitest = join(CHECKOUT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', folder, '--maxWorkers', '3'];
  const run = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
  onTestFinished(() => void run.kill('SIGKILL'));
  const ended = once(run, 'exit');
  const hang = () =>
    ['in-place', 'detached', 'tidy'].every((name) => fs.existsSync(join(folder, name)));
  while (!hang() && run.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  const workers = workersOf(run);
  expect(workers).toHaveLength(3);
  run.kill(signal);
  expect(await ended).toEqual([code, null]);
  expect(processesIn(folder)).toEqual([]);
  expect(workers.map(commandLineOf)).toEqual(['', '', '']);
  expect(fs.existsSync(join(folder, 'tidied'))).toBe(true);
});
