/** Two containers on one store: in PID namespaces of their own, processes have the same PIDs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { demand } from '../harness/mounts.ts';
import { plant } from '../harness/planted.ts';
import { environment, MAIN, tempsIn } from '../harness/run.ts';
import { expectWhole } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

/**
 * A shell is the first process of the namespace, so that the program is an ordinary one there. No
 * mount namespace: it would keep alive what other tests have mounted and unmount meanwhile.
 */
const IN_NAMESPACE = ['--pid', '--fork', '--kill-child', 'sh', '-c', '"$@"; exit $?'];

beforeEach((context) => {
  const { status } = spawnSync('unshare', [...IN_NAMESPACE, 'sh', 'true']);
  demand(context, status === 0, 'unshare(1) cannot make a PID namespace here');
});

function startContained(...args: string[]): ChildProcess {
  const command = [...IN_NAMESPACE, 'sh', process.execPath, MAIN, ...args];
  const child = spawn('unshare', command, {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Gives its report. */
async function ingestContained(content: string, store: string): Promise<{ swept: number }> {
  const source = makeTree({ file: content });
  const child = startContained('ingest', source, '--store', store, '--json', '--no-progress');
  let stdout = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

interface Waiting {
  readonly child: ChildProcess;
  /** `.tmp-<writer>` */
  readonly folder: string;
  /** Outside of the namespace. */
  readonly pid: number;
  /** What it takes for its PID itself. */
  readonly ownPid: string | undefined;
  /** Lets it go on to its end. */
  finish(): void;
}

/** A writer that waits for the list of its files: nobody writes to the fifo. */
async function startWaiting(content: string, store: string): Promise<Waiting> {
  const tree = makeTree({ fifo: { fifo: true }, file: content });
  const fifo = join(tree, 'fifo');
  const before = fs.existsSync(store) ? tempsIn(store) : [];
  const list = ['--files-from', fifo, '--null'];
  const child = startContained('ingest', ...list, '--store', store, '-q');
  const own = () =>
    fs.existsSync(store) ? tempsIn(store).find((name) => !before.includes(name)) : undefined;
  // What is in the lock is written when it is held: before, a sweep may remove the folder.
  while (lockSize(store, own()) === 0) await sleep(10);
  const pid = childOf(childOf(child.pid!));
  return {
    child,
    folder: own()!,
    pid,
    ownPid: ownPid(pid),
    finish: () => fs.writeFileSync(fifo, `${join(tree, 'file')}\0`),
  };
}

function lockSize(store: string, folder: string | undefined): number {
  if (folder === undefined) return 0;
  return fs.statSync(join(store, folder, 'lock'), { throwIfNoEntry: false })?.size ?? 0;
}

/** The only child process (proc_pid_children(5)). */
function childOf(pid: number): number {
  return Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
}

/** What the process itself takes for its PID. */
function ownPid(pid: number): string | undefined {
  const line = /^NSpid:.*\t(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'));
  return line?.[1];
}

/** Writers of two PID namespaces with the same PID live side by side, until one is killed. */
async function outlive(): Promise<void> {
  const store = join(temporaryDirectory(), 'store');
  const [one, two] = [await startWaiting('one', store), await startWaiting('two', store)];
  expect(one.ownPid).toMatch(/^\d+$/);
  expect(one.ownPid).toBe(two.ownPid);
  const both = [one.folder, two.folder].sort();
  expect(await ingestContained('three', store)).toMatchObject({ swept: 0 });
  expect(tempsIn(store).sort()).toEqual(both);

  process.kill(one.pid, 'SIGKILL');
  await once(one.child, 'close');
  expect(tempsIn(store).sort()).toEqual(both);
  expect(await ingestContained('four', store)).toMatchObject({ swept: 1 });
  expect(tempsIn(store)).toEqual([two.folder]);

  two.finish();
  const [code] = await once(two.child, 'close');
  expect(code).toBe(0);
  expect(expectWhole(store).length).toBe(3);
}

it('writers of two PID namespaces with the same PID live side by side, until one is killed', () =>
  outlive());

it('the trial of namespaces finds a lock that goes by PID', async () => {
  plant('pidLock');
  await expect(outlive()).rejects.toThrow(/to match object \{ swept: /);
});
