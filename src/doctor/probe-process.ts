/**
 * A probe in a process of its own. A flush or a read of a busy or failing disk takes minutes and
 * cannot be cut, not even by SIGKILL; what waits for another process can stop waiting at any time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { failed, IngotError } from '../errors.ts';
import { entryFile } from '../places.ts';
import type { ProbeReply } from './serve-probe.ts';

/** A process that lives longer after SIGKILL sits in a call, after which it changes nothing more. */
const DEATH_MS = 1000;

/** Which entry file it runs, and the words for what it cannot do. */
const PROCESSES = {
  flush: { entry: 'workers/doctor-flusher', what: 'cannot probe how the disk flushes' },
  read: { entry: 'workers/doctor-reader', what: 'cannot probe how the disk reads' },
} as const;

export class ProbeProcess<Request extends object, Sample extends object> {
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #ended: Promise<unknown>;

  /** Starts it; it makes its files in `folder`. */
  constructor(probe: keyof typeof PROCESSES, folder: string) {
    const { entry, what } = PROCESSES[probe];
    this.#what = what;
    // In a process group of its own Ctrl-C does not reach it: the doctor decides when it ends.
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    const options = { detached: true, execArgv: [], stdio: [...stdio] };
    this.#child = fork(entryFile(entry), [folder], options);
    this.#ended = once(this.#child, 'exit');
    // `ask` reports that it could not be started.
    this.#ended.catch(() => {});
    this.#child.on('error', () => {});
  }

  /**
   * One sample. Gives `unfinished` when it takes longer than `limitMs`; it then goes on, and nothing
   * more may be asked. Throws an IngotError when it fails, the signal's reason when that is aborted.
   */
  async ask(
    request: Request,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<Sample | 'unfinished'> {
    const limit = AbortSignal.timeout(Math.ceil(limitMs));
    const reply = once(this.#child, 'message', { signal: AbortSignal.any([signal, limit]) });
    try {
      this.#child.send(request);
      const [answer] = (await Promise.race([reply, this.#untilDead()])) as [ProbeReply<Sample>];
      if (answer.status === 'failed') throw new IngotError(answer.failure);
      return answer.sample;
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) return 'unfinished';
      throw failed(this.#what, error);
    }
  }

  async #untilDead(): Promise<never> {
    await this.#ended;
    throw new IngotError({
      what: this.#what,
      code: 'INGOT_WORKER_DIED',
      why: 'the process that does it died',
      hint: 'run again',
    });
  }

  /** Ends the process, or leaves it behind where it cannot be ended before its call. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    const patience = new AbortController();
    const gaveUp = delay(DEATH_MS, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([this.#ended.catch(() => {}), gaveUp]);
    patience.abort();
    if (this.#child.connected) this.#child.disconnect();
    this.#child.unref();
  }
}
