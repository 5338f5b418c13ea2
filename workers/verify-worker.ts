import { runVerifyTask } from '../src/ingest/verify.ts';

export default runVerifyTask;
