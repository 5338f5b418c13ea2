import { runRestoreTask } from '../src/restore/worker/worker.ts';
// As in ingest-worker.ts.
import './local-store.ts';

export default runRestoreTask;
