import { promisify } from 'node:util';
import type { FileOps, StoreFd } from '../../../files/file-ops.ts';
import { Rounds } from './rounds.ts';

/**
 * So many temps are made durable by one flush of the file system. Fewer are flushed each on its own:
 * what others have written there meanwhile would make a single put wait.
 */
const MIN_FOR_SYNCFS = 8;

/** Group commit for temps that were staged one by one. */
export class TempFlush {
  readonly #ops: FileOps;
  readonly #syncfs: (() => Promise<unknown>) | undefined;
  readonly #rounds = new Rounds<readonly StoreFd[]>((groups) => this.#flush(groups));
  /** The flush of the file system that failed. */
  #failed: Promise<unknown> | undefined;

  /** `syncfs` is given where it makes all of them durable, and reports what it cannot. */
  constructor(ops: FileOps, syncfs: (() => Promise<unknown>) | undefined) {
    this.#ops = ops;
    this.#syncfs = syncfs;
  }

  /** Resolves when these are durable. Rejects with what their flush fails with. */
  wait(temps: readonly StoreFd[]): Promise<void> {
    return this.#rounds.wait(temps);
  }

  #flush(groups: readonly (readonly StoreFd[])[]): readonly Promise<unknown>[] {
    const together = this.#flushTogether(groups.flat().length);
    return groups.map((temps) => together ?? fsyncAll(this.#ops, temps));
  }

  /** Undefined when each is to be flushed on its own. Once it has failed, nothing is flushed again. */
  #flushTogether(temps: number): Promise<unknown> | undefined {
    if (this.#failed !== undefined || temps < MIN_FOR_SYNCFS) return this.#failed;
    const flushed = this.#syncfs?.();
    flushed?.catch(() => {
      this.#failed = flushed;
    });
    return flushed;
  }
}

/** As many at once as libuv has threads. Ends when all have ended. */
export async function fsyncAll(ops: FileOps, temps: readonly StoreFd[]): Promise<void> {
  const fsync = promisify(ops.fsync);
  const results = await Promise.allSettled(temps.map((fd) => fsync(fd)));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
