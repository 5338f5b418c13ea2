import { runMatrix } from '../harness/fault-trial.ts';
import { ingestTrial, makeUsedStore } from '../harness/ingest-trial.ts';

runMatrix({
  ...ingestTrial('an ingest into a used store, with syncfs', '--barrier', 'syncfs'),
  makeStore: makeUsedStore,
});
