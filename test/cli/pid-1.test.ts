/** As in a container: the kernel spares PID 1 the usual effect of signals. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { demand } from '../harness/mounts.ts';
import { environment, MAIN } from '../harness/run.ts';
import { stopTwiceOnceStalled } from '../harness/stalled.ts';
import { makeTree } from '../harness/tree.ts';

const FAULTY = fileURLToPath(new URL('../fixtures/faulty-workers.mjs', import.meta.url));
const EARLY_SIGNALS = new URL('../../dist/src/cli/early-signals.js', import.meta.url).href;

const AS_PID_1 = ['--pid', '--fork', '--kill-child'];

beforeEach((context) => {
  const { status } = spawnSync('unshare', [...AS_PID_1, 'true']);
  demand(context, status === 0, 'unshare(1) cannot make a PID namespace here');
});

function startAsPid1(
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const command = [...AS_PID_1, process.execPath, ...args];
  const child = spawn('unshare', command, { cwd, env: environment(env) });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Signals what unshare(1) has started. */
function signal({ pid }: ChildProcessWithoutNullStreams, name: NodeJS.Signals): void {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  process.kill(Number(children), name);
}

const codeOf = (child: ChildProcessWithoutNullStreams) =>
  new Promise((resolve) => child.on('close', resolve));

describe('as PID 1', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('an ingest of which a worker hangs ends at a later second %s', async (name, code) => {
    const cwd = makeTree({ 'src/a': 'hello', 'src/kill-me': '' });
    const env = { NODE_OPTIONS: `--import ${FAULTY}`, FAULT: 'stall' };
    const child = startAsPid1([MAIN, 'ingest', 'src', '--store', 's', '-q'], cwd, env);
    stopTwiceOnceStalled(child, () => signal(child, name));
    expect(await codeOf(child)).toBe(code);
  });

  it('a program that has not come to its command yet ends at the first signal', async () => {
    const text = `import { listen } from '${EARLY_SIGNALS}'; listen(); console.log('listens');`;
    const program = `${text} setTimeout(() => {}, 60_000);`;
    const child = startAsPid1(['--input-type=module', '-e', program]);
    child.stdout.once('data', () => signal(child, 'SIGTERM'));
    expect(await codeOf(child)).toBe(143);
  });
});
