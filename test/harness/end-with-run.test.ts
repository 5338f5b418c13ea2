import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { makeTree } from './tree.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Of the same settings as all tests, and of what goes before them only what is tried here. */
const CONFIG = `
  import { defineConfig } from 'vitest/config';
  import all from '${CHECKOUT}/vitest.config.ts';
  const globalSetup = [all.test.globalSetup].flat().filter((path) => path.includes('end-with-run'));
  export default defineConfig({ test: { ...all.test, globalSetup, include: ['*.hangs.mjs'], globals: true } });
`;

/** Tests that hang once they have said so. `$0` names the folder to whoever looks for processes. */
const HANGS = {
  // It cannot hear that its parent has gone.
  'in-place.hangs.mjs': hanging(`
    const script = 'echo ' + process.pid + ' > $0/in-place; sleep 60; :';
    spawnSync('sh', ['-c', script, import.meta.dirname]);`),
  // It leaves the process group.
  'detached.hangs.mjs': hanging(`
    const script = 'echo ' + process.pid + ' > $0/detached; sleep 60; :';
    spawn('sh', ['-c', script, import.meta.dirname], { detached: true });`),
  // It needs a moment to tidy up.
  'tidy.hangs.mjs': hanging(`
    const script = 'trap "sleep 0.2; touch $0/tidied; exit" TERM; echo ' + process.pid +
      ' > $0/tidy; while :; do sleep 0.1; done';
    spawn('sh', ['-c', script, import.meta.dirname], { detached: true });`),
};

function hanging(text: string): string {
  return `
    import { spawn, spawnSync } from 'node:child_process';
    it('hangs', async () => {${text}
      await new Promise(() => {});
    });`;
}

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

/** The workers, once all tests hang. */
async function workersIn(folder: string, run: ChildProcess): Promise<string[]> {
  for (;;) {
    const pids = ['in-place', 'detached', 'tidy'].map((name) => contentOf(join(folder, name)));
    if (pids.every((pid) => pid !== '')) return pids;
    if (run.exitCode !== null) throw new Error(`the run ended with ${run.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function contentOf(path: string): string {
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() : '';
}

const RUNS = {
  vitest: [process.execPath, join(CHECKOUT, 'node_modules/vitest/vitest.mjs'), 'run'],
  // Without building first: other tests run what is built.
  'npm test': ['npm', 'test', '--ignore-scripts', '--'],
} as const;

it.each([
  ['vitest', 'SIGTERM', 143],
  ['vitest', 'SIGINT', 130],
  ['vitest', 'SIGHUP', 129],
  ['npm test', 'SIGTERM', 143],
] as const)('%s that is ended by %s leaves no process behind', async (name, signal, code) => {
  const [program, ...args] = RUNS[name];
  const folder = makeTree({ 'vitest.config.mjs': CONFIG, ...HANGS });
  fs.symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const own = ['--root', folder, '--maxWorkers', '3'];
  const run = spawn(program, [...args, ...own], { cwd: CHECKOUT, stdio: 'ignore' });
  onTestFinished(() => void run.kill('SIGKILL'));
  const ended = once(run, 'exit');
  const workers = await workersIn(folder, run);
  run.kill(signal);
  expect(await ended).toEqual([code, null]);
  expect(processesIn(folder)).toEqual([]);
  expect(workers.map(commandLineOf)).toEqual(['', '', '']);
  expect(fs.existsSync(join(folder, 'tidied'))).toBe(true);
});
