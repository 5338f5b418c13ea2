/** What runs in a worker thread; the entry file workers/ingest-worker.ts only calls it. */
import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { type Failure, failureOf, IngotError } from '../../errors.ts';
import { type StatusReader, statusReader } from '../../native/file-status.ts';
import { type Files, nodeFiles } from '../../native/files.ts';
import { type Libc, loadLibc } from '../../native/libc.ts';
import { Width } from '../../read-ahead/width.ts';
import { EntryLook } from '../../record/entry-look.ts';
import type { DirectoryIdentity } from '../../record/known-entries.ts';
import { Devices } from '../../sources/devices.ts';
import { LongPaths } from '../../sources/long-paths.ts';
import { SourceDirectory } from '../../sources/source-directory.ts';
import type { EngineModule } from '../../store/seam/engine.ts';
import type { CallMain, Group, WorkerHalf } from '../../store/seam/write.ts';
import { loadModule } from '../../threads/load-module.ts';
import { Claims } from '../claims.ts';
import { blocksFor, EntryBlocks } from '../entry-blocks.ts';
import { FileXattrs } from '../file-xattrs.ts';
import {
  type BatchTask,
  type LargeTask,
  type LinesTask,
  NO_BLOCKS,
  type StoreAnswer,
  type StoreCall,
  type Task,
  type TaskDone,
  type TaskReply,
  UNREAD,
  type WorkerSetup,
} from '../messages.ts';
import { CODE } from '../outcome.ts';
import { addLines } from '../pending-lines.ts';
import { SeenFiles } from '../seen-files.ts';
import { type CostMeter, newMeter, noCost, taskCost } from '../task-cost.ts';
import { BATCH_BUFFER_BYTES, type BatchContext, BatchRun } from './batch-task.ts';
import { IdleClock } from './idle-clock.ts';
import { Stopped } from './large-read.ts';
import { ingestLarge } from './large-task.ts';
import { identityIn, UnchangedEntries } from './unchanged-entries.ts';
import { WholeDirectories } from './whole-directories.ts';

const NONE_LINKED = new Map<number, string>();

/** Of a task without entries. */
const NOTHING_ENDED = {
  ...{ outcomes: new Uint8Array(0), sizes: new Float64Array(0), owners: new Int32Array(0) },
  ...{ digests: '', problems: [], isCutOff: false, listed: [], pending: [], linked: NONE_LINKED },
};

type Ended = Omit<TaskDone, 'status' | 'cost'>;

let worker: Promise<IngestWorker> | undefined;

/** What a thread does with a task. Never rejects: a failure is a reply. */
export async function runIngestTask(task: Task): Promise<TaskReply> {
  // Not before the first task: a thread that is ended while it loads koffi takes the process along.
  worker ??= IngestWorker.open(task.setup);
  let opened: IngestWorker;
  try {
    opened = await worker;
  } catch (error) {
    task.port.close();
    return { status: 'failed', failure: failureOf('a worker failed', error), cost: noCost() };
  }
  return opened.run(task);
}

/** One worker: its half of the store, its buffer, its tasks. */
class IngestWorker {
  readonly #half: WorkerHalf;
  readonly #libc: Libc | undefined;
  readonly #files: Files;
  readonly #status: StatusReader;
  readonly #xattrs: FileXattrs;
  readonly #devices = new Devices();
  readonly #unchanged: UnchangedEntries;
  readonly #claims: Claims;
  readonly #seen: SeenFiles;
  readonly #stop: Int32Array;
  readonly #bytesRead: BigInt64Array;
  /** One for all batches: V8 would take an object for each as a reason to optimize anew. */
  readonly #batchContext: BatchContext;
  readonly #idle = new IdleClock();
  readonly #width: Width;
  readonly #largeAhead: number;
  /** Blocks of records that could not be used, as far as that was reported. */
  #damagedBlocks = 0;

  private constructor(setup: WorkerSetup, half: WorkerHalf, libc: Libc | undefined) {
    const files = libc?.files ?? nodeFiles;
    this.#half = half;
    this.#libc = libc;
    this.#files = files;
    this.#status = statusReader(libc?.statx);
    this.#xattrs = new FileXattrs(
      setup.wantBlocks && setup.wantXattrs ? libc?.xattrReader : undefined,
    );
    const look = libc?.statx && new EntryLook(libc.statx);
    this.#unchanged = new UnchangedEntries(setup, this.#devices, look);
    this.#claims = new Claims(setup.claims);
    this.#seen = new SeenFiles(this.#devices, setup.seen);
    this.#stop = new Int32Array(setup.stop);
    this.#bytesRead = new BigInt64Array(setup.bytesRead);
    this.#largeAhead = setup.readAhead.files === 0 ? 0 : setup.readAhead.bytes;
    const hasRecord = !this.#unchanged.isEmpty;
    this.#width = new Width(setup.readAhead.files, hasRecord, libc?.threadSwitches);
    this.#batchContext = {
      claims: this.#claims,
      buffer: new Uint8Array(BATCH_BUFFER_BYTES),
      status: this.#status,
      files,
      xattrs: this.#xattrs,
      devices: this.#devices,
      unchanged: this.#unchanged,
      whole: new WholeDirectories(setup.record, look),
      seen: this.#seen,
      entriesRead: new Int32Array(setup.entriesRead),
      width: this.#width,
      aheadBytes: setup.readAhead.bytes,
      stopped: () => this.#stopped(),
    };
  }

  static async open(setup: WorkerSetup): Promise<IngestWorker> {
    const { mayBeTerminated, nextWorker, store } = setup;
    const number = Atomics.add(new Int32Array(nextWorker), 0, 1) + 1;
    const engine = await loadModule<EngineModule>(store.module);
    const half = await engine.openWorkerHalf(store.init, { number, mayBeTerminated });
    return new IngestWorker(setup, half, await loadLibc());
  }

  /** Never rejects for what files, store or machine do: a failure is a reply. */
  async run(task: Task): Promise<TaskReply> {
    const group = this.#half.openGroup(callThrough(task.port));
    const meter = newMeter();
    this.#idle.enter();
    let failure: Failure | undefined;
    let ended: Ended | undefined;
    try {
      ended = await this.#runIn(task, group, meter);
    } catch (error) {
      failure = failureOf('a worker failed', error);
    } finally {
      group.discard();
      task.port.close();
    }
    meter.damagedBlocks = this.#unchanged.damagedBlocks - this.#damagedBlocks;
    this.#damagedBlocks += meter.damagedBlocks;
    const width = { aheadWidth: this.#width.widest };
    const cost = taskCost(meter, group, { barrierMs: this.#idle.leave(), ...width });
    return ended === undefined
      ? { status: 'failed', failure: failure!, cost }
      : { status: 'done', ...ended, cost };
  }

  async #runIn(task: Task, group: Group, meter: CostMeter): Promise<Ended> {
    if (task.type === 'batch') return await this.#batch(task, group, meter);
    if (task.type === 'large') return await this.#large(task, group, meter);
    return this.#lines(task);
  }

  #lines({ setup, directories }: LinesTask): Ended {
    const blocks = new EntryBlocks(this.#devices, directories.files.count, {
      isRecorded: false,
      wantXattrs: setup.wantXattrs,
    });
    const pending = addLines(directories, this.#batchContext.whole.scans, blocks);
    return { ...NOTHING_ENDED, pending, blocks: blocks.take() };
  }

  #batch(task: BatchTask, group: Group, meter: CostMeter): Promise<Ended> {
    let counted = 0;
    return new BatchRun(task, this.#batchContext, group, meter).run(() => {
      const bytes = meter.bytesRead + meter.bytesKnown;
      this.#addRead(0, bytes - counted);
      counted = bytes;
      return this.#idle.wait(group.commit());
    });
  }

  #addRead(lane: 0 | 1, bytes: number): void {
    Atomics.add(this.#bytesRead, lane, BigInt(bytes));
  }

  async #large(task: LargeTask, group: Group, meter: CostMeter): Promise<Ended> {
    const stopped = () => this.#stopped();
    const onRead = (bytes: number) => this.#addRead(1, bytes);
    const shared = {
      ...{ claims: this.#claims, status: this.#status, libc: this.#libc, xattrs: this.#xattrs },
      ...{ seen: this.#seen, files: this.#files, aheadBytes: this.#largeAhead },
    };
    const context = { ...shared, group, meter, task: task.id, stopped, onRead };
    try {
      const content = await ingestLarge(task.file, context);
      await this.#idle.wait(group.commit());
      const blocks = blocksFor(task.setup, this.#devices, 1);
      if ('digest' in content) this.#seen.add(content, task.file.directory);
      blocks?.enter(task.file, this.#identityOf(task));
      return singleEntry(settled(content, group), task.file.name, blocks);
    } catch (error) {
      if (error instanceof Stopped) return singleEntry(undefined, task.file.name, undefined);
      throw error;
    }
  }

  #identityOf({ file, setup }: LargeTask): DirectoryIdentity {
    const long = new LongPaths(this.#files);
    const directory = new SourceDirectory(file, this.#files, long);
    try {
      return identityIn(file, setup, this.#devices, () => directory.identity(this.#status));
    } finally {
      directory.close();
      long.close();
    }
  }

  #stopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }
}

/** What was there at the commit was not new. */
function settled(content: Content, { settled: { there } }: Group): Content {
  const wasThere = 'digest' in content && there.includes(content.digest);
  return wasThere ? { ...content, outcome: 'duplicate' } : content;
}

type Content = Awaited<ReturnType<typeof ingestLarge>>;

function singleEntry(
  content: Content | undefined,
  name: string,
  blocks: EntryBlocks | undefined,
): Ended {
  const stored = content !== undefined && 'digest' in content ? content : undefined;
  const problem = content !== undefined && !('digest' in content) ? content : undefined;
  if (stored !== undefined) blocks?.file(name, stored);
  if (problem !== undefined) blocks?.missing(name, problem);
  return {
    outcomes: Uint8Array.of(content === undefined ? UNREAD : CODE[content.outcome]),
    sizes: Float64Array.of(stored?.size ?? 0),
    owners: Int32Array.of(stored?.owner ?? 0),
    digests: stored?.digest ?? '',
    problems: problem === undefined ? [] : [{ index: 0, ...problem }],
    ...{ isCutOff: false, listed: [], pending: [], linked: NONE_LINKED },
    blocks: blocks?.take() ?? NO_BLOCKS,
  };
}

/** The store half's line to the main half; one call at a time. */
function callThrough(port: MessagePort): CallMain {
  return async (message) => {
    port.postMessage({ message } satisfies StoreCall);
    const [reply] = (await once(port, 'message')) as [StoreAnswer];
    if (reply.status === 'failed') throw new IngotError(reply.failure);
    return reply.answer;
  };
}
