import { runIngestTask } from '../src/ingest/worker/worker.ts';
// The engine that a task names is nearly always this one: it is loaded while the thread starts.
import './local-store.ts';

export default runIngestTask;
