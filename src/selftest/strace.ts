/** Watching the system calls of the program under trial with strace(1), and letting one fail. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { isMissingProgram } from '../programs.ts';
import type { Ended, Program } from './program.ts';
import { parseStrace, type RawCall } from './strace-log.ts';

const OPTIONS = ['-f', '--seccomp-bpf', '-qq', '-y', '-e', 'signal=none'];

export interface Traced extends Ended {
  readonly calls: readonly RawCall[];
}

/** Why strace(1) cannot be used here; undefined where it can. */
export function straceObstacle(): string | undefined {
  // There strace -y looks up what descriptors are open on.
  if (!fs.existsSync('/proc/self/fd')) return 'strace cannot name files here: /proc is not mounted';
  const { error, status, stderr } = spawnSync('strace', [...OPTIONS, '-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (isMissingProgram(error, 'strace')) return 'strace is not installed';
  if (error === undefined && status === 0) return undefined;
  return `strace cannot be used here: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}

/** Runs the program to its end; `options` are strace's, its log lies in `folder`. */
export async function runTraced(
  program: Program,
  args: readonly string[],
  folder: string,
  options: readonly string[],
): Promise<Traced> {
  const log = join(folder, 'strace-log');
  const ended = await program.run(args, ['strace', ...OPTIONS, '-o', log, ...options]);
  return { ...ended, calls: parseStrace(fs.readFileSync(log, 'utf8')) };
}
