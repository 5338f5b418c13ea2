import type { Task } from '../src/ingest/messages.ts';
import { IngestWorker } from '../src/ingest/worker.ts';

let worker: Promise<IngestWorker> | undefined;

export default async (task: Task) => {
  // Not before the first task: a thread that is ended while it loads koffi takes the process along.
  worker ??= IngestWorker.open(task.setup);
  return (await worker).run(task);
};
