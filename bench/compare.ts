/** Settings of a first ingest, held against each other on the same tree. */
import { floorTimes } from './floors/measure-floors.ts';
import type { FloorName } from './floors/times.ts';
import { ingestRow, type RowHead } from './ingot.ts';
import { alternate, type Contender, ratioOf } from './method.ts';
import type { Context } from './question.ts';
import type { Row } from './results.ts';

export interface Trial extends RowHead {
  readonly contender: Contender;
  /** What an ingest with this setting cannot do without. */
  readonly floors: readonly FloorName[];
}

export const COMPARISON_METHOD =
  'whole processes in turn, a new store for each run, which is removed outside the measured time; ratio: time of the row ÷ time of the first row, of the two runs of each round';

/** One row a trial; the ratio is to the first one. */
export async function* compareTrials(
  context: Context,
  trials: readonly Trial[],
): AsyncGenerator<Row> {
  const times = await floorTimes(context);
  const samples = await alternate(
    trials.map(({ contender }) => contender),
    context.rounds,
  );
  for (const [index, { label, parameters, floors }] of trials.entries()) {
    const row = ingestRow({ label, parameters }, samples[index]!, times, floors);
    const ratio = { ...ratioOf(samples[index]!, samples[0]!), to: trials[0]!.label };
    yield index === 0 ? row : { ...row, ratio };
  }
}
