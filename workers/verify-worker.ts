import { runVerifyTask } from '../src/store/verify/in-worker.ts';
// As in ingest-worker.ts.
import './local-store.ts';

export default runVerifyTask;
