import { BATCH_FILES, WorkQueue } from '../../src/ingest/main/work-queue.ts';
import { unpack } from '../../src/ingest/packed-files.ts';
import type { Micro } from './micro.ts';

const FOUND = {
  directory: '/some/tree/with/a/path',
  inTree: 'a/path',
  names: Array.from({ length: BATCH_FILES }, (_, n) => `name-of-file-${n}.txt`),
};

/** What does it cost to queue the files of a batch, take them and unpack their names? */
export const BATCH_OF_FILES: readonly Micro[] = [
  {
    label: `batch: ${BATCH_FILES} files`,
    run: () => {
      const queue = new WorkQueue();
      queue.add(FOUND);
      queue.endOfWalk(1);
      const work = queue.next({ large: false, hungry: true });
      return work?.type === 'batch' ? [...unpack(work.files)] : undefined;
    },
  },
];
