import { availableParallelism } from 'node:os';
import { COMPARISON_METHOD, compareTrials } from '../compare.ts';
import { amongSettings } from '../finding.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { firstIngest } from '../ingot.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

export const THREADS: Question = {
  name: 'threads',
  asks: 'How does a first ingest scale with its worker threads?',
  method: `${COMPARISON_METHOD}; the floors are those of the number of threads that was asked for`,
  room: ({ corpus }) => roomFor(corpus),
  finding: amongSettings,
  run: (context) =>
    compareTrials(
      context,
      threadCounts(availableParallelism()).map((threads) => ({
        label: threads === 1 ? '1 thread' : `${threads} threads`,
        parameters: { threads },
        contender: firstIngest({ ...context, threads }),
        floors: FLOORS_OF.group,
      })),
    ),
};

/** 1, 2, 4 … up to twice the processors, and the processors themselves. */
export function threadCounts(processors: number): number[] {
  const counts = new Set([processors]);
  for (let threads = 1; threads <= 2 * processors; threads *= 2) counts.add(threads);
  return [...counts].sort((a, b) => a - b);
}
