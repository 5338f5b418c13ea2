/** The program under trial: this very ingot, in processes of its own, as a user starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Failure, hasErrno, IngotError } from '../errors.ts';
import type { IngestReport } from '../ingest/api.ts';
import { entryFile } from '../places.ts';

const MAIN = fileURLToPath(entryFile('src/cli/main'));

/** No trial takes a fraction of this on a slow disk. */
const LIMIT_MS = 120_000;
/** A process that lives longer after SIGKILL sits in a flush, where it changes nothing more. */
const DEATH_MS = 2000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Running {
  readonly child: ChildProcess;
  /** Resolves when the process and all that it started are gone. */
  readonly ended: Promise<Ended>;
  isOver = false;

  constructor(child: ChildProcess) {
    this.child = child;
    this.ended = this.#untilEnd();
    // Whoever waits for `ended` gets the error that it could not be started.
    this.ended.catch(() => {});
  }

  /** SIGSTOP: it does nothing more until it is killed, so that it can be looked at. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  /** SIGKILL, to what strace(1) has started, too. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.isOver || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      // It has ended meanwhile.
      if (!hasErrno(error, 'ESRCH')) throw error;
    }
  }

  #untilEnd(): Promise<Ended> {
    const { child } = this;
    let [stdout, stderr] = ['', ''];
    child.stdout!.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text) => (stderr += text));
    // A process that was killed no longer reads its input.
    child.stdin!.on('error', () => {});
    return new Promise((resolve, reject) => {
      const over = (end: () => void) => {
        this.isOver = true;
        end();
      };
      child.on('error', (error) => over(() => reject(error)));
      child.on('close', (code) => over(() => resolve({ code, stdout, stderr })));
    });
  }
}

export class Program {
  readonly #signal: AbortSignal;
  readonly #running = new Set<Running>();

  /** Aborting the signal kills what runs. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#killAll(), { once: true });
  }

  /** `ingot ARGS`, left running; `through` is a command that starts it. */
  start(args: readonly string[], through: readonly string[] = []): Running {
    const [command, ...rest] = [...through, process.execPath, MAIN, ...args];
    // In a process group of its own Ctrl-C does not reach it: the selftest decides when it ends.
    const running = new Running(spawn(command!, rest, { detached: true, stdio: 'pipe' }));
    this.#running.add(running);
    void running.ended.catch(() => {}).finally(() => this.#running.delete(running));
    return running;
  }

  /** `ingot ARGS`, until it ends. Throws an IngotError when it does not. */
  async run(args: readonly string[], through: readonly string[] = []): Promise<Ended> {
    this.#signal.throwIfAborted();
    const running = this.start(args, through);
    running.child.stdin!.end();
    return await this.end(running);
  }

  /** Waits for a process. Throws an IngotError when it does not end, the signal's reason if that is aborted. */
  async end(running: Running): Promise<Ended> {
    const patience = new AbortController();
    const late = delay(LIMIT_MS, 'late' as const, { signal: patience.signal });
    late.catch(() => {});
    try {
      const ended = await Promise.race([running.ended, late]);
      this.#signal.throwIfAborted();
      if (ended !== 'late') return ended;
    } finally {
      patience.abort();
    }
    running.kill();
    throw new IngotError({
      what: 'the selftest cannot go on',
      code: 'INGOT_SELFTEST',
      why: `a process of it did not end in ${LIMIT_MS / 1000} s`,
      hint: 'the disk is very slow, or failing',
    });
  }

  /** Ends what still runs, or leaves it behind where it cannot be ended before its flush. */
  async stop(): Promise<void> {
    this.#killAll();
    const all = Promise.allSettled([...this.#running].map(({ ended }) => ended));
    const patience = new AbortController();
    const gaveUp = delay(DEATH_MS, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([all, gaveUp]);
    patience.abort();
    for (const { child } of this.#running) child.unref();
  }

  #killAll(): void {
    for (const running of this.#running) running.kill();
  }
}

/** Of a run with --json that has ended well. */
export function printedReport({ stdout }: Ended): IngestReport {
  return JSON.parse(stdout) as IngestReport;
}

/** What a run with --json failed with; undefined when it did not, or was killed. */
export function printedFailure({ stdout }: Ended): Failure | undefined {
  if (stdout === '') return undefined;
  return (JSON.parse(stdout) as { error?: Failure }).error;
}

/** Errnos that say something about the machine, not about a guarantee. */
const MACHINE = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EROFS', 'ENOMEM', 'EAGAIN']);

/**
 * What is wrong with the end of a run with --json; undefined when it ended with `code`. Throws an
 * IngotError when the machine was in its way.
 */
export function unexpectedEnd(what: string, ended: Ended, code: number): string | undefined {
  if (ended.code === code) return undefined;
  const failure = printedFailure(ended);
  if (failure !== undefined && MACHINE.has(failure.code)) throw new IngotError(failure);
  const said = ended.stderr.trim().split('\n').at(-1) ?? '';
  return `${what} ended with ${ended.code ?? 'a signal'} instead of ${code}${said && `: ${said}`}`;
}
