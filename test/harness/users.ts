/** Other users, whose part only root can take. */
import {
  type ChildProcessWithoutNullStreams,
  execFileSync,
  spawn,
  spawnSync,
} from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished, type TestContext } from 'vitest';
import { demand, demandMountNamespace } from './mounts.ts';
import { type Ended, environment, MAIN } from './run.ts';
import { temporaryDirectory } from './tree.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

export interface User {
  /** A command, until it ends. */
  run(command: string, ...args: string[]): Ended;
  /** `ingot ARGS`, until it ends. */
  ingot(...args: string[]): Ended;
  /** `ingot ARGS`, left running. */
  start(...args: string[]): ChildProcessWithoutNullStreams;
  /** What goes before `ingot` in a script. */
  readonly prefix: string;
  readonly program: string;
}

/** Where every user can read this checkout, wherever it lies. */
export function checkoutForAll(context: TestContext): string {
  demand(context, process.getuid?.() === 0, 'only root can become another user');
  demandMountNamespace(context);
  const checkout = temporaryDirectory();
  fs.chmodSync(checkout, 0o755);
  execFileSync('mount', ['--bind', CHECKOUT, checkout]);
  onTestFinished(() => void execFileSync('umount', [checkout]));
  return MAIN.replace(CHECKOUT, `${checkout}/`);
}

/** The user `uid` with a group of the same number, and with `groups`. */
export function userOf(main: string, cwd: string, uid: number, groups: number[] = []): User {
  const others = groups.length > 0 ? `--groups=${groups.join()}` : '--clear-groups';
  const drop = [`--reuid=${uid}`, `--regid=${uid}`, others];
  const options = { cwd, env: environment() };
  return {
    run(command, ...args) {
      const { status, stdout, stderr } = spawnSync('setpriv', [...drop, command, ...args], {
        ...options,
        encoding: 'utf8',
      });
      return { code: status, stdout, stderr };
    },
    ingot(...args) {
      return this.run(process.execPath, main, ...args);
    },
    start(...args) {
      const child = spawn('setpriv', [...drop, process.execPath, main, ...args], options);
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    },
    prefix: `setpriv ${drop.join(' ')}`,
    program: `${process.execPath} ${main}`,
  };
}
