import { runMatrix } from '../fault-trial.ts';
import { ingestTrial } from './ingest-trial.ts';

runMatrix({
  ...ingestTrial('an ingest into a new store, with fsync', '--barrier', 'fsync'),
  from: 1,
});
