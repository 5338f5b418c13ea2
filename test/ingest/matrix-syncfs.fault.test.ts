import { runMatrix } from '../fault-trial.ts';
import { ingestTrial, makeUsedStore } from './ingest-trial.ts';

runMatrix({
  ...ingestTrial('an ingest into a used store, with syncfs', '--barrier', 'syncfs'),
  makeStore: makeUsedStore,
});
