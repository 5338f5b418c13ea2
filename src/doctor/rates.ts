/** How fast files are made and bytes hashed, by one thread and by more. */
import fs from 'node:fs';
import { join } from 'node:path';
import { IngotError } from '../errors.ts';
import type { Pool } from '../threads/pool.ts';
import { type Budget, planRounds, threadSteps } from './budget.ts';
import type { CreateTask, RateReply, RateTask } from './rate-task.ts';
import type { RateFigures } from './report.ts';
import { spreadOf } from './spread.ts';

/** One thing that is measured once a round. */
interface Cell {
  readonly type: 'own folders' | 'one directory' | 'hash';
  readonly threads: number;
  readonly rates: number[];
}

/** Of the first cells, in which the threads' code is compiled: not counted. */
const WARM_UP_MS = 60;

export class RateProbe {
  readonly #pool: Pool<RateTask, RateReply>;
  readonly #folder: string;
  readonly #maxFiles: number;
  readonly #signal: AbortSignal;
  /** Other than 0 as soon as the threads shall end what they do. */
  readonly #stop = new SharedArrayBuffer(4);
  #tasks = 0;

  /** `maxFiles` is what there is room for in `folder`, where they stay. */
  constructor(
    pool: Pool<RateTask, RateReply>,
    folder: string,
    maxFiles: number,
    signal: AbortSignal,
  ) {
    this.#pool = pool;
    this.#folder = folder;
    this.#maxFiles = maxFiles;
    this.#signal = signal;
    fs.mkdirSync(join(folder, 'objects'));
    for (let n = 0; n < pool.threads; n++) fs.mkdirSync(join(folder, String(n)));
  }

  /**
   * Measures all cells, round after round, so that a disturbance of the machine meets all alike.
   */
  async run(budget: Budget): Promise<RateFigures> {
    const onAbort = () => Atomics.store(new Int32Array(this.#stop), 0, 1);
    this.#signal.addEventListener('abort', onAbort);
    try {
      return await this.#rounds(budget);
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  async #rounds(budget: Budget): Promise<RateFigures> {
    const threads = this.#pool.threads;
    const steps = threadSteps(threads);
    const cell = (type: Cell['type'], threads: number): Cell => ({ type, threads, rates: [] });
    const created = steps.map((step) => cell('own folders', step));
    const hashed = steps.map((step) => cell('hash', step));
    const together = cell('one directory', threads);
    const cells = [...created, together, ...hashed];
    const { rounds, cellMs } = planRounds(budget.leftMs, cells.length);
    const files = Math.floor(this.#maxFiles / ((steps.length + 1) * rounds + 1));
    for (const type of ['own folders', 'hash'] as const)
      await this.#measure(cell(type, threads), WARM_UP_MS, files);
    for (let round = 0; round < rounds && (round === 0 || !budget.isSpent); round++)
      for (const each of cells) each.rates.push(await this.#measure(each, cellMs, files));
    return {
      byThreads: steps.map((step, at) => ({
        threads: step,
        createdFilesPerSecond: spreadOf(created[at]!.rates),
        hashedBytesPerSecond: spreadOf(hashed[at]!.rates),
      })),
      oneDirectory: { threads, createdFilesPerSecond: spreadOf(together.rates) },
    };
  }

  /** The sum of what all threads did a second. Throws an IngotError. */
  async #measure({ type, threads }: Cell, forMs: number, maxFiles: number): Promise<number> {
    this.#signal.throwIfAborted();
    const limits = { forMs, maxFiles: Math.max(1, Math.floor(maxFiles / threads)) };
    const replies = await Promise.all(
      Array.from({ length: threads }, (_, n) => this.#pool.run(this.#task(type, n, limits))),
    );
    this.#signal.throwIfAborted();
    return replies.reduce((sum, reply) => {
      if (reply.status === 'failed') throw new IngotError(reply.failure);
      return sum + (reply.amount / reply.ms) * 1000;
    }, 0);
  }

  #task(type: Cell['type'], n: number, limits: Pick<CreateTask, 'forMs' | 'maxFiles'>): RateTask {
    const stop = this.#stop;
    if (type === 'hash') return { type, forMs: limits.forMs, stop };
    const objectFolder = join(this.#folder, 'objects');
    const tempFolder = type === 'own folders' ? join(this.#folder, String(n)) : objectFolder;
    const id = `${(this.#tasks++).toString(16)}f`;
    return { type: 'create', tempFolder, objectFolder, id, ...limits, stop };
  }
}
