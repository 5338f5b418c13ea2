import { runIngestTask } from '../src/ingest/worker/worker.ts';

export default runIngestTask;
