/** Runs the built program as a user does. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.cjs', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Milliseconds until it is killed; it should have ended long before. */
  readonly timeout?: number;
  /** What is run instead of the program: an ES module. */
  readonly program?: string | undefined;
}

/** That of the program: without what the tests themselves were started with. */
export function environment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { INGOT_STORE: _unset, INGOT_PRELOAD = '', ...inherited } = process.env;
  return { ...inherited, ...env, NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} ${INGOT_PRELOAD}` };
}

/** `ingot ARGS`, until it ends. */
export function ingot(args: readonly string[], options: RunOptions = {}): Ended {
  return run(process.execPath, [options.program ?? MAIN, ...args], options);
}

/**
 * Goes before a command of a script. root's powers over other people's files are capabilities:
 * without any it is a user like others, who may read this checkout wherever it lies.
 */
export const UNPRIVILEGED =
  process.getuid?.() === 0 ? 'setpriv --bounding-set=-all --inh-caps=-all' : '';

/** A bash script in which `$INGOT` stands for the program. */
export function script(text: string, options: RunOptions = {}): Ended {
  const env = { ...options.env, INGOT: `${process.execPath} ${MAIN}` };
  return run('bash', ['-c', text], { ...options, env });
}

function run(command: string, args: readonly string[], options: RunOptions): Ended {
  const { cwd, env, input = '', timeout } = options;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: environment(env),
    input,
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  });
  if (error !== undefined) throw error;
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** `ingot ARGS`, left running. */
export function start(
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: environment(env) });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Resolves with what a process that was left running ended with, and what it had printed. */
export function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Resolves when a process that prints events prints one with this member: `{ probe: 'rates' }`. */
export function untilEvent(
  child: ChildProcessWithoutNullStreams,
  member: Readonly<Record<string, string>>,
): Promise<void> {
  const text = JSON.stringify(member).slice(1, -1);
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes(text)) resolve();
    });
  });
}

/** The names in a folder that ingot may not have left there. */
export function tempsIn(folder: string): string[] {
  return fs.readdirSync(folder).filter((name) => name.startsWith('.tmp-'));
}
