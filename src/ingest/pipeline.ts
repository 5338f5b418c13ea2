/**
 * The main thread's part of an ingest:
 *
 *   walk ─ batches of paths ─▶ workers: read, hash, claim, stage ─▶ barrier ─▶ publish ─▶ tally
 *
 * Concurrency: every worker runs a few tasks in turn; one hashes while the others wait for their
 * barrier, and the store's main half lets one barrier serve all groups that wait. A task is one
 * group: it is committed or fails as a whole. The first failure ends the run: tasks in flight
 * come to their end, what was not begun is `unfinished`.
 *
 * Bounded: the walk stands still while enough batches wait, so memory does not grow with the
 * number of files.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Failure, failureOf, IngotError } from '../errors.ts';
import type { MainHalf } from '../store/seam.ts';
import {
  type BatchTask,
  type LargeTask,
  LEFT,
  type StoreAnswer,
  type StoreCall,
  type Task,
  type TaskDone,
  type WorkerSetup,
} from './messages.ts';
import type { UnsupportedKind } from './outcome.ts';
import { countOf, fileAt, type PackedFiles, pack, pathAt, unpack } from './packed-files.ts';
import type { IngestPool } from './pool.ts';
import type { Tally, TaskEntries } from './tally.ts';
import { addCost, noCost } from './task-cost.ts';
import type { FoundFiles, WalkSink } from './walk/entries.ts';
import { type Batch, type LargeFile, WorkQueue } from './work-queue.ts';

export interface PipelineOptions {
  readonly setup: WorkerSetup;
  readonly wantDigests: boolean;
  /** Default: the queue's own. */
  readonly batchFiles: number | undefined;
  /** Tells the workers to give back what they have not begun. */
  readonly stop: () => void;
  readonly onNotice: (text: string) => void;
}

export class Pipeline implements WalkSink {
  entriesFound = 0;
  directories = 0;
  /** Bytes of all large files met so far. */
  largeBytes = 0;
  /** Milliseconds that workers had nothing to do because the walk had found nothing yet. */
  starvedMs = 0;
  readonly cost = noCost();
  readonly #pool: IngestPool;
  readonly #store: MainHalf;
  readonly #tally: Tally;
  readonly #options: PipelineOptions;
  readonly #queue: WorkQueue;
  #inFlight = 0;
  #largeInFlight = 0;
  #nextTask = 1;
  #walking = true;
  #stopping = false;
  #failure: Error | undefined;
  #wakeWalk: (() => void) | undefined;
  #wakeDrain: (() => void) | undefined;
  #starvedSince = performance.now();

  constructor(pool: IngestPool, store: MainHalf, tally: Tally, options: PipelineOptions) {
    this.#pool = pool;
    this.#store = store;
    this.#tally = tally;
    this.#options = options;
    this.#queue = new WorkQueue(options.batchFiles);
  }

  files(found: FoundFiles): Promise<void> | undefined {
    this.entriesFound += found.names.length;
    this.#queue.add(found);
    this.#dispatch();
    if (!this.#queue.isFull) return undefined;
    return new Promise((resolve) => {
      this.#wakeWalk = resolve;
    });
  }

  unsupported(path: string, kind: UnsupportedKind): void {
    this.entriesFound++;
    this.#tally.add({ path, outcome: 'unsupported', kind });
  }

  unreadable(path: string, failure: Failure): void {
    this.entriesFound++;
    this.#tally.add({ path, outcome: 'unreadable', failure });
  }

  vanished(path: string, failure: Failure): void {
    this.entriesFound++;
    this.#tally.add({ path, outcome: 'vanished', failure });
  }

  directory(): void {
    this.directories++;
  }

  notice(text: string): void {
    this.#options.onNotice(text);
  }

  /** No more entries will come; resolves when every task has ended. Throws the first failure. */
  async drain(): Promise<void> {
    this.#walking = false;
    this.#queue.endOfWalk(this.#pool.slots);
    this.#dispatch();
    if (this.#inFlight > 0)
      await new Promise<void>((resolve) => {
        this.#wakeDrain = resolve;
      });
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the run: takes no new work; tasks in flight come to their end. The first error counts. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#stopping = true;
    this.#options.stop();
    this.#dispatch();
  }

  #dispatch(): void {
    this.#countStarved();
    if (this.#stopping) this.#unfinished(this.#queue.clear());
    while (this.#inFlight < this.#pool.slots) {
      const large = this.#largeInFlight < this.#pool.threads;
      const hungry = this.#inFlight < this.#pool.threads;
      const work = this.#queue.next({ large, hungry });
      if (work === undefined) break;
      void (work.type === 'batch' ? this.#runBatch(work) : this.#runLarge(work));
    }
    if (!this.#queue.isFull) this.#wake();
  }

  #unfinished(paths: readonly string[]): void {
    for (const path of paths) this.#tally.add({ path, outcome: 'unfinished' });
  }

  async #runBatch({ found }: Batch): Promise<void> {
    const { setup, wantDigests } = this.#options;
    const reply = await this.#run(
      { count: countOf(found), pathOf: (index) => pathAt(found, index) },
      (id, port) => ({ type: 'batch', setup, id, found, wantDigests, port }) satisfies BatchTask,
    );
    if (reply !== undefined) this.#takeBack(found, reply);
    this.#taskEnded();
  }

  async #runLarge({ file, size }: LargeFile): Promise<void> {
    const { setup } = this.#options;
    this.#largeInFlight++;
    const reply = await this.#run(
      { count: 1, pathOf: (index) => pathAt([file], index) },
      (id, port) => ({ type: 'large', setup, id, file, port }) satisfies LargeTask,
    );
    if (reply?.outcomes[0] === LEFT) this.#queue.addLarge(file, size);
    this.#largeInFlight--;
    this.#taskEnded();
  }

  /** Runs one task to its end and tallies it. Never rejects: a failure is kept for `drain`. */
  async #run(
    entries: TaskEntries,
    makeTask: (id: number, port: MessagePort) => Task,
  ): Promise<TaskDone | undefined> {
    const id = this.#nextTask++;
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ message }: StoreCall) => void this.#answer(port1, message));
    this.#inFlight++;
    this.#tally.taskStarted(id);
    try {
      const reply = await this.#pool.run(makeTask(id, port2), [port2]);
      addCost(this.cost, reply.cost);
      if (reply.status === 'failed') throw new IngotError(reply.failure);
      this.#tally.taskDone(id, entries, reply);
      return reply;
    } catch (error) {
      this.#tally.taskFailed(id, entries);
      this.fail(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    } finally {
      port1.close();
      this.#countStarved();
      this.#inFlight--;
    }
  }

  /** Passes a message between the store's halves, unread. */
  async #answer(port: MessagePort, message: unknown): Promise<void> {
    let reply: StoreAnswer;
    try {
      reply = { status: 'done', answer: await this.#store.answer(message) };
    } catch (error) {
      reply = { status: 'failed', failure: failureOf('the store failed', error) };
    }
    port.postMessage(reply);
  }

  /** Queues what a task gave back: its large files, and the rest of a batch that had enough. */
  #takeBack(found: readonly PackedFiles[], reply: TaskDone): void {
    const deferred = new Set<number>();
    for (const { index, size } of reply.deferred) {
      deferred.add(index);
      this.largeBytes += size;
      this.#queue.addLarge(fileAt(found, index), size);
    }
    if (!reply.outcomes.includes(LEFT)) return;
    let index = 0;
    const rest = found.map(unpack).map(({ names, ...directory }) => ({
      ...directory,
      names: names.filter(() => {
        const at = index++;
        return reply.outcomes[at] === LEFT && !deferred.has(at);
      }),
    }));
    this.#queue.putBack(rest.filter(({ names }) => names.length > 0).map(pack));
  }

  #taskEnded(): void {
    this.#dispatch();
    if (this.#inFlight === 0 && !this.#walking) this.#wakeDrain?.();
  }

  #countStarved(): void {
    const now = performance.now();
    const idle = Math.max(0, this.#pool.threads - this.#inFlight);
    // Until the first task the workers are still starting.
    if (this.#walking && this.#nextTask > 1) this.starvedMs += idle * (now - this.#starvedSince);
    this.#starvedSince = now;
  }

  #wake(): void {
    const wake = this.#wakeWalk;
    this.#wakeWalk = undefined;
    wake?.();
  }
}
