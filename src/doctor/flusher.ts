/**
 * Flushes in a process of its own. A flush of a busy or failing disk takes minutes and cannot be
 * cut, not even by SIGKILL; what waits for another process can stop waiting at any time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { failed, IngotError } from '../errors.ts';
import { entryFile } from '../places.ts';
import type { FlushReply, FlushRequest, FlushSample } from './flush-messages.ts';

/** A process that lives longer after SIGKILL sits in a flush, where it changes nothing more. */
const DEATH_MS = 1000;

export class Flusher {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    // `ask` reports that it could not be started.
    this.#ended.catch(() => {});
    child.on('error', () => {});
  }

  /** Starts it; it makes its files in `folder`. */
  static start(folder: string): Flusher {
    const entry = entryFile('workers/doctor-flusher');
    // In a process group of its own Ctrl-C does not reach it: the doctor decides when it ends.
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    return new Flusher(fork(entry, [folder], { detached: true, execArgv: [], stdio: [...stdio] }));
  }

  /**
   * One flush. Gives `unfinished` when it takes longer than `limitMs`; it then goes on, and nothing
   * more may be asked. Throws an IngotError when it fails, the signal's reason when that is aborted.
   */
  async ask(
    request: FlushRequest,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<FlushSample | 'unfinished'> {
    const limit = AbortSignal.timeout(Math.ceil(limitMs));
    const reply = once(this.#child, 'message', { signal: AbortSignal.any([signal, limit]) });
    try {
      this.#child.send(request);
      const [answer] = (await Promise.race([reply, this.#untilDead()])) as [FlushReply];
      if (answer.status === 'failed') throw new IngotError(answer.failure);
      return { ms: answer.ms, files: answer.files };
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) return 'unfinished';
      throw failed('cannot probe how the disk flushes', error);
    }
  }

  async #untilDead(): Promise<never> {
    await this.#ended;
    throw new IngotError({
      what: 'cannot probe how the disk flushes',
      code: 'INGOT_WORKER_DIED',
      why: 'the process that does it died',
      hint: 'run again',
    });
  }

  /** Ends the process, or leaves it behind where it cannot be ended before its flush. */
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
