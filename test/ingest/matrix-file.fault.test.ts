import { runMatrix } from '../fault-trial.ts';
import { ingestTrial } from './ingest-trial.ts';

const options = ['--durability', 'file', '--layout', 'sharded'];
runMatrix({
  ...ingestTrial('an ingest into a new sharded store, each file flushed', ...options),
  from: 1,
});
