import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { IngotError } from '../errors.ts';

/** One waits for its barrier while the other hashes. */
export const TASKS_PER_WORKER = 2;

/** More threads than processors make an ingest slower: the kernel's part does not wait. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** Which entry file the workers run. */
export type WorkerEntry = 'ingest-worker' | 'verify-worker';

/** The worker threads of one run. `Task` and `Reply` are the entry's message types. */
export class Pool<Task, Reply> {
  readonly threads: number;
  readonly #piscina: Piscina;

  /** Starts the threads; `setup` is posted to each. */
  constructor(entry: WorkerEntry, setup: unknown, threads: number) {
    this.threads = threads;
    this.#piscina = new Piscina({
      filename: new URL(`../../workers/${entry}.js`, import.meta.url).href,
      workerData: setup,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: TASKS_PER_WORKER,
      recordTiming: false,
    });
    // A worker that dies without a task is told here; with one, the task rejects.
    this.#piscina.on('error', () => {});
  }

  /** Tasks that may run at once; a further one would only wait in piscina's queue. */
  get slots(): number {
    return this.threads * TASKS_PER_WORKER;
  }

  /** Rejects with an IngotError when the worker dies or cannot start. */
  async run(task: Task, transfer: readonly Transfer[] = []): Promise<Reply> {
    try {
      return (await this.#piscina.run(task, { transferList: [...transfer] })) as Reply;
    } catch (error) {
      throw new IngotError(
        {
          what: 'a worker thread died',
          code: 'INGOT_WORKER_DIED',
          why: error instanceof Error ? error.message : String(error),
          hint: 'what its task had not published is dropped; run again',
        },
        error,
      );
    }
  }

  /** Ends the threads; tasks still running are cut off. */
  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}

type Transfer =
  NonNullable<Parameters<Piscina['run']>[1]> extends { transferList?: infer List }
    ? List extends readonly (infer Item)[]
      ? Item
      : never
    : never;
