import { expect, it } from 'vitest';
import { type FailureKind, IngotError } from '../../../src/errors.ts';
import { Pipeline } from '../../../src/ingest/main/pipeline.ts';
import { Tally } from '../../../src/ingest/main/tally.ts';
import {
  type IngestPool,
  LARGE,
  NO_BLOCKS,
  type Task,
  type TaskReply,
  UNREAD,
  type WorkerSetup,
} from '../../../src/ingest/messages.ts';
import { OUTCOMES } from '../../../src/ingest/outcome.ts';
import { noCost } from '../../../src/ingest/task-cost.ts';
import type { MainHalf } from '../../../src/store/seam/write.ts';

const NEW = OUTCOMES.indexOf('new');

/** `sizes`: of large files that are given back. */
const done = (outcomes: number[], sizes = outcomes.map(() => 0)): TaskReply => ({
  status: 'done',
  outcomes: Uint8Array.from(outcomes),
  sizes: Float64Array.from(sizes),
  owners: new Int32Array(0),
  digests: '',
  problems: [],
  ...{ isCutOff: false, listed: [], pending: [], linked: new Map() },
  blocks: NO_BLOCKS,
  cost: noCost(),
});

/** A pipeline whose tasks wait for the test to end them. */
function pipelineOf(threads: number) {
  const tasks: { task: Task; end: (reply: TaskReply) => void }[] = [];
  const pool = {
    threads,
    slots: threads * 3,
    run: (task: Task) => new Promise<TaskReply>((end) => tasks.push({ task, end })),
  } as unknown as IngestPool;
  const store = { answer: async () => {} } as unknown as MainHalf;
  const tally = new Tally({ report: 'problems' });
  const pipeline = new Pipeline(pool, store, tally, {
    setup: {} as WorkerSetup,
    wantDigests: false,
    batchFiles: 1,
    stop: () => {},
    recorder: undefined,
    records: undefined,
    onNotice: () => {},
  });
  const find = (...names: string[]) =>
    pipeline.files({ directory: '/a', withoutLinks: '/a', inTree: '', names });
  return { pipeline, tasks, tally, find };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it.each([1, 2])(
  'what a task gives back is done, although the others end in the same turn: %i threads',
  async (threads) => {
    const { pipeline, tasks, tally, find } = pipelineOf(threads);
    find('small');
    find('large');
    let drained = false;
    const end = pipeline.drain().then(() => {
      drained = true;
    });
    tasks[0]!.end(done([NEW]));
    tasks[1]!.end(done([LARGE], [5 << 20]));
    await turn();
    expect(tasks.length).toBe(3);
    // A large file that is given back, too, while a batch ends.
    find('late');
    tasks[2]!.end(done([UNREAD]));
    tasks[3]!.end(done([NEW]));
    await turn();
    expect(drained).toBe(false);
    tasks[4]!.end(done([NEW]));
    await end;
    expect(tasks.map(({ task }) => task.type)).toEqual([
      'batch',
      'batch',
      'large',
      'batch',
      'large',
    ]);
    expect(tally.outcomes).toMatchObject({ new: 3, unfinished: 0 });
    tally.assertComplete(pipeline.entriesFound);
  },
);

it('a flush that fails is not forgotten over an earlier failure', async () => {
  const { pipeline, tasks, find } = pipelineOf(2);
  const failure = (kind?: FailureKind) => ({ what: 'cannot', code: 'EIO', kind });
  find('one');
  find('two');
  const end = pipeline.drain();
  tasks[0]!.end({ status: 'failed', failure: failure(), cost: noCost() });
  await turn();
  expect(pipeline.flushFailed).toBe(false);
  tasks[1]!.end({ status: 'failed', failure: failure('flush'), cost: noCost() });
  await end;
  expect(pipeline.flushFailed).toBe(true);
  expect(pipeline.failure).toBeInstanceOf(IngotError);
  expect((pipeline.failure as IngotError).kind).toBeUndefined();
});
