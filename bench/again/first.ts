/** A first ingest, snapshot and record included; and one that was cut off half-way, resumed. */
import type { IngestReport } from '../../src/index.ts';
import { firstIngest } from '../ingot.ts';
import { besideLimit } from '../limit.ts';
import { type Contender, type Reference, type Sample, spreadOf } from '../method.ts';
import { dropCachesIfCold, fresh } from '../prepare.ts';
import { referenceRow } from '../reference-row.ts';
import type { Row } from '../results.ts';
import { ingestHalf } from './half.ts';
import { ingestAgain } from './places.ts';
import { type AgainContext, headBeside, OURS, ownRow, withGoal } from './state.ts';

export const FIRST_GOAL = { must: 1.3, aim: 1.15 };
export const RESUMED_GOAL = { must: 1.15, aim: 1.05 };

const FIRST = 'into a new store';
const RESUMED = 'resumed';
const REST = 'the rest of one into a new store + an unchanged one';

export async function* firstRows(context: AgainContext): AsyncGenerator<Row> {
  const { tree } = context;
  let objects = 0;
  const first: Contender = {
    ...firstIngest(context),
    check: (stdout) => {
      objects = (JSON.parse(stdout) as IngestReport).outcomes.new;
    },
  };
  const stored: number[] = [];
  const resumed: Contender = {
    ...ingestAgain(context, tree),
    prepare: async () => {
      stored.push(await ingestHalf(context, objects));
      dropCachesIfCold(context);
    },
  };
  await context.settle();
  const { samples, rows, others } = await besideLimit(
    context,
    first,
    [{ mode: 'tmpfile', tree, batch: 256, prepare: () => fresh(context) }],
    // The unchanged one finds what the first has just stored.
    [ingestAgain(context, tree), resumed],
  );
  yield ownRow(FIRST, samples);
  for (const row of rows) {
    const parameters = { ...row.parameters, state: FIRST, reference: row.label };
    yield withGoal({ ...row, parameters }, FIRST_GOAL);
  }
  const [unchanged, again] = others;
  // Of the warm-up nothing counts.
  yield* resumedRows(samples, unchanged!, again!, stored.slice(1));
}

/** `stored` is the share of the objects that were there before each resumed run. */
function* resumedRows(
  first: readonly Sample[],
  unchanged: Reference,
  resumed: Reference,
  stored: readonly number[],
): Generator<Row> {
  const head = { label: `${OURS}, ${RESUMED}`, parameters: { state: RESUMED } };
  if ('lack' in resumed) return yield { ...head, absent: resumed.lack };
  const figures = { storedShare: spreadOf(stored).median };
  yield { ...ownRow(RESUMED, resumed.samples), figures };
  const row = referenceRow(
    headBeside(RESUMED, REST),
    resumed.samples,
    'lack' in unchanged ? unchanged : { samples: restOf(first, unchanged.samples, stored) },
  );
  yield withGoal(row, RESUMED_GOAL);
}

/** What each resumed run had left to do, as the other runs of its round took for it. */
export function restOf(
  first: readonly Sample[],
  unchanged: readonly Sample[],
  stored: readonly number[],
): Sample[] {
  return stored.map((share, round) => ({
    seconds: (1 - share) * first[round]!.seconds + unchanged[round]!.seconds,
    stdout: '',
  }));
}
