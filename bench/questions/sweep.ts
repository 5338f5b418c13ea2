import { availableParallelism } from 'node:os';
import { LAYOUTS } from '../../src/index.ts';
import { BATCH_FILES } from '../../src/ingest/main/work-queue.ts';
import { COMPARISON_METHOD, compareTrials, type Trial } from '../compare.ts';
import { amongSettings } from '../finding.ts';
import { libraryIngest } from '../ingot.ts';
import type { Context, Question } from '../question.ts';
import { roomFor } from '../room.ts';
import { floorsOf, labelOf, MODES, type Mode } from './durability.ts';
import { threadCounts } from './threads.ts';

/** As many as the default, and an eighth of it. */
const BATCHES = [BATCH_FILES, BATCH_FILES / 8];

export const SWEEP: Question = {
  name: 'sweep',
  asks: 'Which settings are the fastest together: durability, barrier, threads, batch, layout?',
  method: `${COMPARISON_METHOD}; every combination, through the library's call`,
  room: ({ corpus }) => roomFor(corpus),
  finding: amongSettings,
  run: (context) => compareTrials(context, combinations(context)),
};

/** The default first: the others are held against it. */
export function combinations(context: Context): Trial[] {
  const modes = [...MODES].sort((a, b) => Number(isDefault(b)) - Number(isDefault(a)));
  const counts = new Set([context.threads, ...threadCounts(availableParallelism())]);
  return modes.flatMap((mode) =>
    [...counts].flatMap((threads) =>
      BATCHES.flatMap((batchFiles) =>
        LAYOUTS.map((layout) => ({
          label: `${labelOf(mode)}; ${threads} threads; ${batchFiles} a batch; ${layout}`,
          parameters: { ...mode, threads, batchFiles, layout },
          contender: libraryIngest(context, { ...mode, threads, batchFiles, layout }),
          floors: floorsOf(mode),
        })),
      ),
    ),
  );
}

function isDefault({ durability, barrier }: Mode): boolean {
  return durability === 'group' && barrier === 'syncfs';
}
