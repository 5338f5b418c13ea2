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

import type { MessagePort } from 'node:worker_threads';
import { asError, IngotError, isIngotError } from '../../errors.ts';
import { joinPath } from '../../names.ts';
import { giveBack } from '../../record/lent-memory.ts';
import { countOf, type FoundFiles } from '../../sources/found-files.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import {
  type IngestPool,
  type PendingDirectories,
  type Task,
  type TaskBlocks,
  type TaskDone,
  UNREAD,
  type WorkerSetup,
} from '../messages.ts';
import type { EntryReport } from '../outcome.ts';
import { entriesOf, type PackedFiles, type TaskEntries } from '../packed-files.ts';
import { addCost, noCost } from '../task-cost.ts';
import { leftOf } from './left-files.ts';
import type { RunRecords } from './run-records.ts';
import { runTask } from './run-task.ts';
import { StarvedClock } from './starved-clock.ts';
import type { Tally } from './tally.ts';
import type { TreeRecorder } from './tree-recorder.ts';
import type { IntakePipeline } from './walk-intake.ts';
import { type Batch, type LargeFile, WorkQueue } from './work-queue.ts';

export interface PipelineOptions {
  readonly setup: WorkerSetup;
  readonly wantDigests: boolean;
  /** Default: the queue's own. */
  readonly batchFiles: number | undefined;
  /** Makes the workers give back what they have not begun. */
  readonly stop: () => void;
  readonly onNotice: (text: string) => void;
  /** Undefined where no snapshot is to be made. */
  readonly recorder: TreeRecorder | undefined;
  /** The same. */
  readonly records: Pick<RunRecords, 'add'> | undefined;
}

/** How a task is made, and what becomes of the entries that it gives back. */
interface TaskPlan {
  readonly make: (id: number, port: MessagePort) => Task;
  readonly takeBack: (reply: TaskDone) => void;
}

export class Pipeline implements IntakePipeline {
  entriesFound = 0;
  directories = 0;
  /** Bytes of all large files met so far. */
  largeBytes = 0;
  /** True once any flush has failed, whatever failed before it. */
  flushFailed = false;
  readonly cost = noCost();
  readonly starved = new StarvedClock();
  readonly #pool: IngestPool;
  readonly #store: Pick<MainHalf, 'answer'>;
  readonly #tally: Tally;
  readonly #options: PipelineOptions;
  readonly #queue: WorkQueue;
  readonly #inFlight: Record<Task['type'], number> = { batch: 0, large: 0, lines: 0 };
  #nextTask = 1;
  #walking = true;
  #stopping = false;
  #failure: Error | undefined;
  #wakeWalk: (() => void) | undefined;
  #wakeDrain: (() => void) | undefined;

  constructor(
    pool: IngestPool,
    store: Pick<MainHalf, 'answer'>,
    tally: Tally,
    options: PipelineOptions,
  ) {
    this.#pool = pool;
    this.#store = store;
    this.#tally = tally;
    this.#options = options;
    this.#queue = new WorkQueue(options.batchFiles);
  }

  files(found: FoundFiles): Promise<void> | undefined {
    this.entriesFound += countOf(found);
    this.#queue.add(found);
    this.#dispatch();
    if (!this.#queue.isFull) return undefined;
    return new Promise((resolve) => {
      this.#wakeWalk = resolve;
    });
  }

  /** An entry has ended where the walk met it. */
  ended(entry: EntryReport): void {
    this.entriesFound++;
    this.#tally.add(entry);
  }

  /** One that was walked. */
  directory(): void {
    this.directories++;
  }

  notice(text: string): void {
    this.#options.onNotice(text);
  }

  /** The first error. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** No more entries will come; resolves when every task has ended. */
  async drain(): Promise<void> {
    this.#walking = false;
    this.#queue.endOfWalk(this.#pool.slots);
    this.#dispatch();
    if (this.#tasks > 0)
      await new Promise<void>((resolve) => {
        this.#wakeDrain = resolve;
      });
  }

  /**
   * Has workers make the lines of directories that are what a record says. When all is drained. Gives
   * those of which they could not.
   */
  async addLines(waiting: readonly PendingDirectories[]): Promise<PendingDirectories[]> {
    const { setup } = this.#options;
    const left: PendingDirectories[] = [];
    await Promise.all(
      waiting.map((directories) =>
        this.#run('lines', NO_ENTRIES, {
          make: (id, port) => ({ type: 'lines', setup, id, directories, port }),
          takeBack: ({ pending }) => {
            if (pending.length > 0) left.push({ files: directories.files, pending });
          },
        }),
      ),
    );
    return left;
  }

  /** Ends the run: takes no new work; tasks in flight come to their end. The first error counts. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.flushFailed ||= isFlushFailure(error);
    this.#stopping = true;
    this.#options.stop();
    this.#dispatch();
  }

  #dispatch(): void {
    this.#countStarved();
    if (this.#stopping) this.#unfinished(this.#queue.clear());
    while (this.#tasks < this.#pool.slots) {
      const large = this.#inFlight.large < this.#pool.threads;
      const hungry = this.#tasks < this.#pool.threads;
      const work = this.#queue.next({ large, hungry });
      if (work === undefined) break;
      void (work.type === 'batch' ? this.#runBatch(work) : this.#runLarge(work));
    }
    if (!this.#queue.isFull) this.#wake();
    if (this.#tasks === 0 && !this.#walking) this.#wakeDrain?.();
  }

  #unfinished(paths: readonly string[]): void {
    for (const path of paths) this.#tally.add({ path, outcome: 'unfinished' });
  }

  #runBatch({ files }: Batch): Promise<void> {
    const { setup, wantDigests } = this.#options;
    const entries = entriesOf(files);
    return this.#run('batch', entries, {
      make: (id, port) => ({ type: 'batch', setup, id, files, wantDigests, port }),
      takeBack: (reply) => {
        this.#options.recorder?.addBatch(files, reply);
        this.#takeBack(files, reply);
      },
    });
  }

  #runLarge(large: LargeFile): Promise<void> {
    const { setup } = this.#options;
    const { file } = large;
    const path = joinPath(file.directory, file.name);
    const entries = { count: 1, pathOf: () => path, list: () => {} };
    return this.#run('large', entries, {
      make: (id, port) => ({ type: 'large', setup, id, file, port }),
      takeBack: (reply) => {
        this.#queue.endLarge(large);
        if (reply.outcomes[0] === UNREAD) this.#queue.addLarge(large);
      },
    });
  }

  /**
   * Runs one task to its end, tallies it and lets `takeBack` queue what it has left: until then it
   * is in flight, or `drain` would find nothing to do. Never rejects: a failure is kept.
   */
  async #run(
    type: Task['type'],
    entries: TaskEntries,
    { make, takeBack }: TaskPlan,
  ): Promise<void> {
    const id = this.#nextTask++;
    this.#inFlight[type]++;
    this.#tally.taskStarted(id);
    try {
      const reply = await runTask(this.#pool, this.#store, (port) => make(id, port));
      addCost(this.cost, reply.cost);
      if (reply.status === 'failed') throw new IngotError(reply.failure);
      this.#keep(reply.blocks);
      entries.list(reply.listed);
      this.#tally.taskDone(id, entries, reply);
      takeBack(reply);
    } catch (error) {
      this.#tally.taskFailed(id, entries);
      this.fail(asError(error));
    }
    this.#countStarved();
    this.#inFlight[type]--;
    this.#dispatch();
  }

  /** Copies what a task has learnt, which it has lent. */
  #keep({ record, ...lines }: TaskBlocks): void {
    const { recorder, records } = this.#options;
    recorder?.add(lines);
    giveBack(lines.bytes);
    if (record === undefined) return;
    records?.add(record);
    giveBack(record);
  }

  /** Queues what a batch gave back. */
  #takeBack(files: PackedFiles, reply: TaskDone): void {
    const { unread, large } = leftOf(files, reply);
    for (const each of large) {
      this.#queue.addLarge(each);
      this.largeBytes += each.size;
    }
    this.#queue.putBack(unread);
  }

  /** In flight. */
  get #tasks(): number {
    return this.#inFlight.batch + this.#inFlight.large + this.#inFlight.lines;
  }

  #countStarved(): void {
    // Until the first task the workers are still starting.
    const counts = this.#walking && this.#nextTask > 1;
    this.starved.tick(counts ? Math.max(0, this.#pool.threads - this.#tasks) : 0);
  }

  #wake(): void {
    const wake = this.#wakeWalk;
    this.#wakeWalk = undefined;
    wake?.();
  }
}

const NO_ENTRIES: TaskEntries = { count: 0, pathOf: () => '', list: () => {} };

/** After a failed flush nothing may be flushed again in the hope of a better answer. */
export function isFlushFailure(error: Error | undefined): boolean {
  return isIngotError(error) && error.kind === 'flush';
}
