import { BATCH_FILES } from '../../src/ingest/main/work-queue.ts';
import { counted } from '../../src/units.ts';
import { COMPARISON_METHOD, compareTrials } from '../compare.ts';
import { amongSettings } from '../finding.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { libraryIngest } from '../ingot.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

/** The default first: the others are held against it. */
const BATCHES = [...new Set([BATCH_FILES, 100, 500, 1000, 2000, 4000, 16_000])];

export const BATCH: Question = {
  name: 'batch',
  asks: 'How many files should a worker take at a time?',
  method: `${COMPARISON_METHOD}; the library's call, because the command line has no such option`,
  room: ({ corpus }) => roomFor(corpus),
  finding: amongSettings,
  run: (context) =>
    compareTrials(
      context,
      BATCHES.map((batchFiles) => ({
        label: counted(batchFiles, 'file'),
        parameters: { batchFiles },
        contender: libraryIngest(context, { threads: context.threads, batchFiles }),
        floors: FLOORS_OF.group,
      })),
    ),
};
