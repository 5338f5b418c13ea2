import { promisify } from 'node:util';
import type { FileOps, StoreFd } from '../../../files/file-ops.ts';

/**
 * So many temps are made durable by one flush of the file system. Fewer are flushed each on its own:
 * what others have written there meanwhile would make a single put wait.
 */
const MIN_FOR_SYNCFS = 8;

interface Waiting {
  readonly temps: readonly StoreFd[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Group commit for temps that were staged one by one: those that wait while a flush runs are
 * flushed together by the next one.
 */
export class TempFlush {
  readonly #ops: FileOps;
  readonly #syncfs: (() => Promise<unknown>) | undefined;
  #waiting: Waiting[] = [];
  #running = false;
  /** The flush of the file system that failed. */
  #failed: Promise<unknown> | undefined;

  /** `syncfs` is given where it makes all of them durable, and reports what it cannot. */
  constructor(ops: FileOps, syncfs: (() => Promise<unknown>) | undefined) {
    this.#ops = ops;
    this.#syncfs = syncfs;
  }

  /** Resolves when these are durable. Rejects with what their flush fails with. */
  wait(temps: readonly StoreFd[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ temps, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const served = this.#waiting;
      this.#waiting = [];
      const together = this.#flushTogether(served);
      await Promise.all(
        served.map(({ temps, resolve, reject }) =>
          (together ?? fsyncAll(this.#ops, temps)).then(() => resolve(), reject),
        ),
      );
    }
    this.#running = false;
  }

  /** Undefined when each is to be flushed on its own. Once it has failed, nothing is flushed again. */
  #flushTogether(served: readonly Waiting[]): Promise<unknown> | undefined {
    const temps = served.reduce((sum, each) => sum + each.temps.length, 0);
    if (this.#failed === undefined && temps >= MIN_FOR_SYNCFS) {
      const flushed = this.#syncfs?.();
      flushed?.catch(() => {
        this.#failed = flushed;
      });
      return flushed;
    }
    return this.#failed;
  }
}

/** As many at once as libuv has threads. Ends when all have ended. */
export async function fsyncAll(ops: FileOps, temps: readonly StoreFd[]): Promise<void> {
  const fsync = promisify(ops.fsync);
  const results = await Promise.allSettled(temps.map((fd) => fsync(fd)));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
