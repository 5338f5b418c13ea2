/** Runs the built benchmark as a user does. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Answer, Results } from '../../bench/results.ts';
import type { Ended } from '../harness/run.ts';

const BENCH = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));

/**
 * A new empty directory in memory that goes away with the test. On a disk every new store would
 * wait until all that others have written there is flushed.
 */
export function memoryDirectory(): string {
  const root = fs.mkdtempSync(join(memoryOrTemporary(), 'ingot-test-'));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Not every machine lets its users write to /dev/shm, or has it. */
function memoryOrTemporary(): string {
  try {
    fs.accessSync('/dev/shm', fs.constants.W_OK);
    return '/dev/shm';
  } catch {
    // Whatever the errno: nothing can be written there.
    return os.tmpdir();
  }
}

interface RunOptions {
  /** Where bench-report/ is written. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface StartOptions extends RunOptions {
  /** True: it leads a process group of its own. */
  readonly detached?: boolean;
}

/** `npm run bench -- ARGS`, until it ends. */
export function bench(args: readonly string[], { cwd, env }: RunOptions): Ended {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [BENCH, ...args], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

/** The same, left running. */
export function startBench(
  args: readonly string[],
  { cwd, env, detached = false }: StartOptions,
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [BENCH, ...args], {
    cwd,
    env: { ...process.env, ...env },
    detached,
  });
  onTestFinished(async () => {
    // Not by SIGKILL: a quiet disk would stay mounted.
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'close');
  });
  return child;
}

export function resultsIn(cwd: string): Results {
  return JSON.parse(fs.readFileSync(join(cwd, 'bench-report/results.json'), 'utf8')) as Results;
}

/** Throws when the question was not answered. */
export function answerTo(question: string, { answers }: Results): Answer {
  const found = answers.find((answer) => answer.question === question);
  if (found === undefined) throw new Error(`no answer to ${question}`);
  return found;
}
