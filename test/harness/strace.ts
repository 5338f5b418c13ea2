/** Runs the built program under strace(1), which lets chosen system calls fail. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, MAIN } from './run.ts';
import { temporaryDirectory } from './tree.ts';

const FIXED_WRITER = fileURLToPath(new URL('../fixtures/fixed-writer.mjs', import.meta.url));

/** The program must end by itself long before this. */
const TIMEOUT_MS = 30_000;

export interface Injection {
  /** As strace takes them: `fsync:error=EIO:when=1`. Counted for each thread on its own. */
  readonly inject: string | readonly string[];
  /** Only calls on these files, by name or descriptor. */
  readonly on?: readonly string[];
  /** Further calls to write down. */
  readonly trace?: readonly string[];
  /** Modules that are loaded before the program. */
  readonly imports?: readonly string[];
}

export interface Injected extends Ended {
  /** One line a call: those traced, whether they failed or not. */
  readonly calls: readonly string[];
}

/** Lets temps have names also where they need none: then strace can be told which it is about. */
export const NAMED_TEMPS = fileURLToPath(new URL('../fixtures/no-nameless.mjs', import.meta.url));

/** Where the temp number `n` of the only worker lies, if it has a name. */
export function tempPath(store: string, n: number): string {
  return join(store, `.tmp-${'0'.repeat(32)}`, '1', String(n).padStart(32, '0'));
}

/** `ingot ARGS` while a system call fails. Throws when none was made to fail. */
export function ingotInjected(args: readonly string[], injection: Injection): Injected {
  const { inject, on = [], trace = [], imports = [] } = injection;
  const faults = [inject].flat();
  const syscalls = faults.map((fault) => fault.split(':')[0]);
  const options = [
    ...['-e', `trace=${[...syscalls, ...trace].join(',')}`],
    ...on.flatMap((path) => ['-P', path]),
    ...faults.flatMap((fault) => ['-e', `inject=${fault}`]),
  ];
  const ended = ingotTraced(args, options, imports);
  if (!ended.calls.some((call) => call.includes('(INJECTED)')))
    throw new Error(`no call was made to fail: ${faults} on ${on.join(', ')}`);
  return ended;
}

/**
 * `ingot ARGS` under strace with these options. libuv has one thread, so that each thread makes
 * the same calls in the same order in every run with one worker.
 */
export function ingotTraced(
  args: readonly string[],
  options: readonly string[],
  imports: readonly string[] = [],
): Injected {
  const log = join(temporaryDirectory(), 'strace');
  const { error, status, stdout, stderr } = spawnSync(
    'strace',
    [
      ...['-f', '--seccomp-bpf', '-qq', '-y', '-o', log, ...options, '-e', 'signal=none'],
      ...[process.execPath, ...[FIXED_WRITER, ...imports].flatMap((path) => ['--import', path])],
      ...[MAIN, ...args],
    ],
    {
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      maxBuffer: 64 << 20,
    },
  );
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr, calls: fs.readFileSync(log, 'utf8').split('\n') };
}
