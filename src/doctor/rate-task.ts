/** What a worker thread measures; the entry file workers/doctor-worker.ts only calls it. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { digestOf } from '../digest.ts';
import { type Failure, failed, failureOf } from '../errors.ts';
import { diskFullHint } from '../files/disk-full.ts';
import { nodeFileOps, writeFully } from '../files/file-ops.ts';
import { PROBE_FILE_BYTES } from './room.ts';

export type RateTask = CreateTask | HashTask;

/**
 * Temp, write, close, rename: what an ingest does for each small object, but for its flush. The
 * files stay: an ext4 without journal is slow at making new ones where others were just removed.
 */
export interface CreateTask {
  readonly type: 'create';
  readonly tempFolder: string;
  readonly objectFolder: string;
  /** Makes the names of this task differ from all others; some hexadecimal digits. */
  readonly id: string;
  readonly forMs: number;
  readonly maxFiles: number;
  readonly stop: SharedArrayBuffer;
}

export interface HashTask {
  readonly type: 'hash';
  readonly forMs: number;
  readonly stop: SharedArrayBuffer;
}

/** Errors lose their code between threads: they travel as data. */
export type RateReply =
  | {
      readonly status: 'done';
      /** Files created, or bytes hashed. */
      readonly amount: number;
      readonly ms: number;
    }
  | { readonly status: 'failed'; readonly failure: Failure };

const CONTENT = Buffer.alloc(PROBE_FILE_BYTES, 'ingot');
/** What a worker of an ingest hashes at once, at most; bigger ones are not hashed any faster. */
const HASH_BYTES = 1 << 20;

/** Never throws. Ends early when the number in `stop` becomes other than 0. */
export function runRateTask(task: RateTask): RateReply {
  const flag = new Int32Array(task.stop);
  const stopped = () => Atomics.load(flag, 0) !== 0;
  try {
    return task.type === 'create' ? createFiles(task, stopped) : hashBytes(task, stopped);
  } catch (error) {
    const what = 'cannot probe how fast files are made';
    const hint =
      task.type === 'create' ? diskFullHint(error, dirname(task.objectFolder)) : undefined;
    return { status: 'failed', failure: failureOf(what, failed(what, error, { hint })) };
  }
}

function createFiles(task: CreateTask, stopped: () => boolean): RateReply {
  const { tempFolder, objectFolder, id, forMs, maxFiles } = task;
  const nameOf = (n: number) => `${objectFolder}/${`${id}${n}`.padStart(64, '0')}`;
  let made = 0;
  let ms: number;
  const begun = performance.now();
  do {
    const temp = `${tempFolder}/${id}-${made}`;
    const fd = fs.openSync(temp, 'wx', 0o444);
    writeFully(nodeFileOps, fd, CONTENT);
    fs.closeSync(fd);
    fs.renameSync(temp, nameOf(made++));
    ms = performance.now() - begun;
  } while (ms < forMs && made < maxFiles && !stopped());
  return { status: 'done', amount: made, ms };
}

function hashBytes({ forMs }: HashTask, stopped: () => boolean): RateReply {
  const bytes = Buffer.alloc(HASH_BYTES, 'ingot');
  let amount = 0;
  let ms: number;
  const begun = performance.now();
  do {
    digestOf(bytes);
    amount += bytes.length;
    ms = performance.now() - begun;
  } while (ms < forMs && !stopped());
  return { status: 'done', amount, ms };
}
