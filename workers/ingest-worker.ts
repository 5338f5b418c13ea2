import { workerData } from 'node:worker_threads';
import type { BatchTask, LargeTask, WorkerSetup } from '../src/ingest/messages.ts';
import { IngestWorker } from '../src/ingest/worker.ts';

const worker = await IngestWorker.open(workerData as WorkerSetup);

export default (task: BatchTask | LargeTask) => worker.run(task);
