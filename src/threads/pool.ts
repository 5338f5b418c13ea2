import type { Worker } from 'node:worker_threads';
import type { Piscina as PiscinaPool } from 'piscina';
import { requirePackage } from '../commonjs.ts';
import { asError, codeOf, failed, IngotError, SHORTAGES } from '../errors.ts';
import { entryFile } from '../places.ts';

const { Piscina }: typeof import('piscina') = requirePackage('piscina');

/** While one hashes, one waits for the barrier that runs and one for the next. */
export const TASKS_PER_WORKER = 3;

/**
 * What a worker allocates dies with the file it was for. V8 would let this grow to 48 MB in every
 * thread; collecting it more often costs nothing that can be measured.
 */
const YOUNG_GENERATION_MB = 6;

/**
 * Far more than a worker needs. V8 lets the heap grow to a multiple of what lives in it before it
 * collects what is dead; the lower this limit, the smaller the multiple.
 */
const OLD_GENERATION_MB = 512;

/** Which entry file the workers run. */
export type WorkerEntry = 'ingest-worker' | 'restore-worker' | 'verify-worker' | 'doctor-worker';

/** The worker threads of one run. `Task` and `Reply` are the entry's message types. */
export class Pool<Task, Reply extends object> {
  readonly threads: number;
  readonly #piscina: PiscinaPool;
  /** Every thread that there ever was. */
  readonly #starting = new Map<Worker, Promise<void>>();
  /** Rejects each task that runs. */
  readonly #running = new Set<(error: unknown) => void>();
  /** Why no thread is left; undefined while there is one. */
  #allDead: { readonly error: unknown } | undefined;

  /**
   * Starts the threads, which load their modules while the caller goes on. Throws an IngotError
   * when the system gives none.
   */
  constructor(entry: WorkerEntry, threads: number) {
    this.threads = threads;
    const options = {
      filename: entryFile(`workers/${entry}`).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: TASKS_PER_WORKER,
      recordTiming: false,
      // What a thread opens it closes by the same API; README.md has what holds below a Worker.
      trackUnmanagedFds: false,
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        maxOldGenerationSizeMb: OLD_GENERATION_MB,
      },
    };
    try {
      this.#piscina = new Piscina(options);
    } catch (error) {
      throw cannotStart(error);
    }
    this.#watchThreads();
  }

  /**
   * When a thread dies, its tasks reject. But tasks that no thread had taken on when the last one
   * died would wait in piscina for good.
   */
  #watchThreads(): void {
    let last: unknown = new Error('it ended by itself');
    // Emitted for a thread that dies without a task.
    this.#piscina.on('error', (error) => {
      last = error;
    });
    this.#watchStarts();
    this.#piscina.on('workerDestroy', () =>
      // Piscina replaces it before this turn of the event loop ends, or not at all.
      queueMicrotask(() => {
        this.#watchStarts();
        if (this.#piscina.threads.length > 0) return;
        this.#allDead = { error: last };
        for (const reject of this.#running) reject(last);
      }),
    );
  }

  #watchStarts(): void {
    for (const thread of this.#piscina.threads)
      if (!this.#starting.has(thread)) this.#starting.set(thread, untilStarted(thread));
  }

  /** Tasks that may run at once; a further one would only wait in piscina's queue. */
  get slots(): number {
    return this.threads * TASKS_PER_WORKER;
  }

  /** Rejects with an IngotError when the worker dies or cannot start. */
  async run(task: Task, transfer: readonly Transfer[] = []): Promise<Reply> {
    try {
      const running = this.#piscina.run(task, { transferList: [...transfer] });
      return detachReply(await this.#untilDead(running));
    } catch (error) {
      throw died(error);
    }
  }

  /** The reply, unless all threads die before it comes. */
  #untilDead(reply: Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#allDead !== undefined) reject(this.#allDead.error);
      this.#running.add(reject);
      reply.then(resolve, reject).finally(() => this.#running.delete(reject));
    });
  }

  /**
   * Ends the threads; tasks still running are cut off. Waits for threads that are still loading
   * their modules: Node aborts the process when one is ended in the middle of that.
   */
  async close(): Promise<void> {
    for (let known = 0; known < this.#starting.size; ) {
      known = this.#starting.size;
      for (const thread of this.#piscina.threads) thread.ref();
      await Promise.all(this.#starting.values());
    }
    await this.#piscina.destroy();
  }
}

/**
 * Moves the fields of a reply to an object of its own, and empties the one that piscina knows. What
 * piscina keeps of a task is garbage at its end, but holds the reply until V8 collects its old
 * generation, which a run of a million files gives it no reason to do.
 */
function detachReply<Reply extends object>(reply: Reply): Reply {
  const own = { ...reply };
  for (const key of Object.keys(reply)) delete reply[key as keyof Reply];
  return own;
}

/** pthread_create(3) gives EAGAIN for any limit on threads, and for want of memory. */
function cannotStart(error: unknown): unknown {
  if (codeOf(error) !== 'ERR_WORKER_INIT_FAILED')
    return failed('cannot start a worker thread', error);
  const code = errnoIn((error as Error).message) ?? 'ERR_WORKER_INIT_FAILED';
  const hint = 'use fewer --threads or raise the limit of processes (ulimit -u)';
  return new IngotError({ what: 'cannot start a worker thread', code, hint }, error);
}

/** When a thread cannot start, Node gives the errno in the message only. */
function errnoIn(message: string): string | undefined {
  return /\bE[A-Z]+\b/.exec(message)?.[0];
}

function died(error: unknown): IngotError {
  const why = asError(error).message;
  const shortage = SHORTAGES.get(errnoIn(why) ?? '');
  const hint = shortage ?? 'what its task had not published is dropped; run again';
  return new IngotError(
    { what: 'a worker thread died', code: 'INGOT_WORKER_DIED', why, hint },
    error,
  );
}

/** Resolves when a thread has loaded its modules, or has died of it. */
function untilStarted(thread: Worker): Promise<void> {
  return new Promise((resolve) => {
    // piscina's worker says so in its first message.
    thread.once('message', () => resolve());
    thread.once('exit', () => resolve());
  });
}

type Transfer =
  NonNullable<Parameters<PiscinaPool['run']>[1]> extends { transferList?: infer List }
    ? List extends readonly (infer Item)[]
      ? Item
      : never
    : never;
