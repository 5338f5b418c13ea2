import { runMatrix } from '../harness/fault-trial.ts';
import { ingestTrial, makeSameStore } from '../harness/ingest-trial.ts';

runMatrix({
  ...ingestTrial('an ingest of what the store and its last snapshot have', '--barrier', 'fsync'),
  from: 1,
  makeStore: makeSameStore,
});
