/**
 * The processes that a benchmark starts. Each leads a process group of its own: a Ctrl-C in the
 * terminal reaches only the benchmark, which ends the groups, grandchildren included.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { failed, IngotError } from '../src/errors.ts';

export type Command = readonly [program: string, ...args: string[]];

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to this process' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The code of the error when it fails: whose failure that is. Default: CHILD_FAILED. */
  readonly failsAs?: string;
  /** Ends its group by SIGKILL when it aborts. */
  readonly kill?: AbortSignal;
}

export const CHILD_FAILED = 'INGOT_BENCH_CHILD';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();
let stopped = false;

/** Runs a whole process and waits for its end, whatever its exit code. Throws what spawn throws. */
export async function runChild(
  [program, ...args]: Command,
  { cwd, env, kill }: ChildOptions = {},
): Promise<ChildEnd> {
  if (stopped) return await never();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  const ended = new Promise<ChildEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  running.add(child);
  const end = () => child.pid !== undefined && endGroup(child.pid);
  kill?.addEventListener('abort', end);
  try {
    return await ended;
  } finally {
    kill?.removeEventListener('abort', end);
    running.delete(child);
    // What was ended did not fail: nothing may follow from it, least of all results.
    if (stopped) await never();
  }
}

/** While all are being ended, whoever asks for a process waits for the end of this one. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/**
 * Runs what takes no time worth measuring, and waits for it in place. In a session of its own: a
 * Ctrl-C in the terminal must not end a sync or an umount. Gives its stdout. Throws an IngotError.
 */
export function runInPlace(...[program, ...args]: Command): string {
  const ended = spawnSync('setsid', [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (ended.error !== undefined) throw failed(`cannot run ${program}`, ended.error);
  if (ended.status === 0) return ended.stdout;
  throw failureOf(program, { ...ended, code: ended.status });
}

/** The same; throws an IngotError with the last line of stderr when the process fails. */
export async function runChecked(command: Command, options?: ChildOptions): Promise<ChildEnd> {
  const ended = await runChild(command, options);
  if (ended.code === 0) return ended;
  throw failureOf(command[0], ended, options?.failsAs);
}

function failureOf(
  program: string,
  { code, signal, stderr }: ChildEnd,
  failsAs = CHILD_FAILED,
): IngotError {
  return new IngotError({
    what: `${program} failed`,
    code: failsAs,
    why: stderr.trim().split('\n').at(-1) || `exit code ${code ?? signal}`,
  });
}

/** Ends every process group that runs, for good: none is started any more. */
export async function endAll(): Promise<void> {
  stopped = true;
  const ends = [...running].map(exitOf);
  for (const { pid } of running) if (pid !== undefined) endGroup(pid);
  await Promise.all(ends);
}

/** Does not wait for its output to close: a process that has left the group may hold it open. */
function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    // It could not even be started.
    child.once('error', () => resolve());
  });
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
