import { runMatrix } from '../harness/fault-trial.ts';
import { ingestTrial } from '../harness/ingest-trial.ts';

runMatrix({
  ...ingestTrial('an ingest into a new store, with fsync', '--barrier', 'fsync'),
  from: 1,
});
