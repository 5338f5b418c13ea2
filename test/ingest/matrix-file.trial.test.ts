import { runMatrix } from '../harness/fault-trial.ts';
import { ingestTrial } from '../harness/ingest-trial.ts';

const options = ['--durability', 'file', '--layout', 'sharded'];
runMatrix({
  ...ingestTrial('an ingest into a new sharded store, each file flushed', ...options),
  from: 1,
});
