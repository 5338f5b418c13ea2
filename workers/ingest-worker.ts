import { runIngestTask } from '../src/ingest/worker.ts';

export default runIngestTask;
