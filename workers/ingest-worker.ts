import { workerData } from 'node:worker_threads';
import type { BatchTask, LargeTask, WorkerSetup } from '../src/ingest/messages.ts';
import { IngestWorker } from '../src/ingest/worker.ts';

let worker: Promise<IngestWorker> | undefined;

export default async (task: BatchTask | LargeTask) => {
  // Not before the first task: a thread that is ended while it loads koffi takes the process along.
  worker ??= IngestWorker.open(workerData as WorkerSetup);
  return (await worker).run(task);
};
