/**
 * Vitest's main process ends at once when it is told to, and its workers would live on: one that waits
 * for a program in place cannot even notice. Here the main process first ends all that descends from it.
 */
import fs from 'node:fs';

const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** Programs that mount or lock something need a moment to undo it. */
const PATIENCE_MS = 5000;

interface Process {
  readonly pid: number;
  /** With the pid it names one process for good. */
  readonly begun: string;
  readonly parent: number;
}

/** Vitest calls it once, in its main process, before there are workers. Gives what undoes it. */
export default function setUp(): () => void {
  const listeners = SIGNALS.map(([signal, code]) => {
    const listener = () => {
      endDescendants();
      process.exit(code);
    };
    process.prependListener(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}

/**
 * In place: after the first turn of its event loop Vitest is gone. All are stopped before one is ended,
 * because what has lost its parent is nobody's descendant any more.
 */
function endDescendants(): void {
  const found = stopDescendants();
  // The workers stay stopped: they begin nothing more, and keep open what the programs write to.
  const programs = found.filter(({ parent }) => parent !== process.pid);
  for (const program of programs) send(program, 'SIGTERM');
  for (const program of programs) send(program, 'SIGCONT');
  awaitEnd(programs);
  for (const each of found) send(each, 'SIGKILL');
  awaitEnd(found);
}

/** Not for ever: what is stuck in a write to a broken disk does not even end by SIGKILL. */
function awaitEnd(processes: readonly Process[]): void {
  const deadline = Date.now() + PATIENCE_MS;
  while (processes.some(isRunning) && Date.now() < deadline) sleep(20);
}

/** Until none is new: one that was not stopped yet may have begun another. */
function stopDescendants(): Process[] {
  const found = new Map<string, Process>();
  for (;;) {
    const fresh = descendants().filter((each) => !found.has(nameOf(each)));
    if (fresh.length === 0) return [...found.values()];
    for (const each of fresh) {
      found.set(nameOf(each), each);
      send(each, 'SIGSTOP');
    }
  }
}

function descendants(): Process[] {
  const all = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
  const below = new Set([process.pid]);
  // A parent may have a higher pid than its child, so that one pass does not find all.
  for (let size = 0; size < below.size; ) {
    size = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  return all.filter(({ pid }) => pid !== process.pid && below.has(pid));
}

/** Undefined when it has ended, also when its parent has not noticed yet (proc_pid_stat(5)). */
function processOf(pid: number): Process | undefined {
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return undefined;
    throw error;
  }
  // The name in parentheses may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), begun: fields[19]! };
}

function nameOf({ pid, begun }: Process): string {
  return `${pid} ${begun}`;
}

function isRunning({ pid, begun }: Process): boolean {
  return processOf(pid)?.begun === begun;
}

function send(to: Process, signal: NodeJS.Signals): void {
  if (!isRunning(to)) return;
  try {
    process.kill(to.pid, signal);
  } catch (error) {
    // It has ended since, or become another user's: a test that took that part has ended it.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code!)) throw error;
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
