import { unpack } from '../../src/ingest/packed-files.ts';
import { WorkQueue } from '../../src/ingest/work-queue.ts';
import type { Micro } from './micro.ts';

const FILES = 2_000;
const FOUND = {
  directory: '/some/tree/with/a/path',
  names: Array.from({ length: FILES }, (_, n) => `name-of-file-${n}.txt`),
};

/** What does it cost to queue 2,000 files, take them as a batch and unpack their names? */
export const BATCH_OF_FILES: readonly Micro[] = [
  {
    label: 'batch: 2,000 files',
    run: () => {
      const queue = new WorkQueue();
      queue.add(FOUND);
      queue.endOfWalk(1);
      const work = queue.next({ large: false, hungry: true });
      return work?.type === 'batch' ? work.found.map(unpack) : undefined;
    },
  },
];
