import { IngotError } from '../../src/errors.ts';
import { LAYOUTS, type Layout } from '../../src/index.ts';
import { count, counted } from '../../src/units.ts';
import { tinyFiles } from '../corpus/description.ts';
import { someFloorTimes } from '../floors/measure-floors.ts';
import { FLOORS_OF, type FloorTimes } from '../floors/times.ts';
import { firstIngest, ingestRow } from '../ingot.ts';
import { alternate, type Sample } from '../method.ts';
import type { Context, Need, Question } from '../question.ts';
import { time } from '../report/numbers.ts';
import { grouped } from '../report/parameters.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';
import { bendOf, type CostAt } from '../scale-curve.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const HUGE = 10_000_000;
/** Larger trees are ingested once: they run long enough to calm themselves. */
const MAX_FILES_IN_ROUNDS = 100_000;

export const SCALE: Question = {
  name: 'scale',
  asks: 'What does a file cost as a store grows, and where does the curve bend?',
  method:
    'whole processes, trees of tiny distinct files, each into a new store, flat and sharded in turn; trees above 100,000 files once, floors up to 1,000,000; a curve bends where a file first costs a quarter more than the least before',
  room: (need) => roomFor(need.corpora.facts(largest(need))),
  inodes: (need) => inodesFor(need.corpora.facts(largest(need)).files),
  corpora: descriptions,
  finding(rows) {
    const costs = rows.filter(({ figures }) => figures?.microsecondsAFile !== undefined);
    const each = grouped(costs, ({ parameters }) => `${parameters.layout}`).map(
      ([layout, curve]) => `${layout}, ${costIn(curve[0]!)} and ${costIn(curve.at(-1)!)}`,
    );
    return each.length === 0 ? undefined : `A file costs: ${each.join('; ')}.`;
  },
  async *run(context) {
    const curves = new Map<Layout, CostAt[]>(LAYOUTS.map((layout) => [layout, []]));
    for (const description of descriptions(context)) {
      const { tree, facts } = await context.corpora.make(description);
      for await (const { layout, row } of rowsOf({ ...context, tree, corpus: facts })) {
        const cost = row.figures?.microsecondsAFile;
        if (cost !== undefined) curves.get(layout)!.push({ files: facts.files, cost });
        yield row;
      }
      context.corpora.drop(description);
    }
    for (const [layout, curve] of curves) yield bendRow(layout, curve);
  },
};

/** `21 µs among 100,000` */
function costIn({ figures, parameters }: Row): string {
  const seconds = figures!.microsecondsAFile! / 1e6;
  return `${time(seconds)} among ${count(Number(parameters.files))}`;
}

function descriptions({ huge }: Need) {
  return (huge ? [...SIZES, HUGE] : SIZES).map(tinyFiles);
}

function largest(need: Need) {
  return descriptions(need).at(-1)!;
}

/** The floors of writing and reading; none above a million: they put all into one flat directory. */
async function floorsBelow(context: Context): Promise<FloorTimes> {
  if (context.corpus.files > SIZES.at(-1)!) return {};
  return someFloorTimes({ ...context, rounds: 1 }, FLOORS_OF.group);
}

/** One tree in each layout. A failure is its row's: a flat directory has an end. */
async function* rowsOf(context: Context): AsyncGenerator<{ layout: Layout; row: Row }> {
  const { files } = context.corpus;
  const rounds = files <= MAX_FILES_IN_ROUNDS ? context.rounds : 1;
  const samples = new Map<Layout, Sample[]>(LAYOUTS.map((layout) => [layout, []]));
  const failures = new Map<Layout, string>();
  for (let round = 0; round < rounds; round++)
    for (const layout of LAYOUTS.filter((each) => !failures.has(each)))
      try {
        const contender = firstIngest(context, ['--layout', layout]);
        samples.get(layout)!.push(...(await alternate([contender], 1, { warmUp: false }))[0]!);
      } catch (error) {
        if (!(error instanceof IngotError)) throw error;
        failures.set(layout, error.message);
      }
  const times = await floorsBelow(context);
  for (const layout of LAYOUTS) {
    const head = { label: `${counted(files, 'file')}, ${layout}`, parameters: { files, layout } };
    const absent = failures.get(layout);
    const row =
      absent === undefined
        ? costRow(head, samples.get(layout)!, files, times)
        : { ...head, absent };
    yield { layout, row };
  }
}

function costRow(
  head: { label: string; parameters: Row['parameters'] },
  samples: readonly Sample[],
  files: number,
  times: FloorTimes,
): Row {
  const row = ingestRow(head, samples, times, FLOORS_OF.group);
  return { ...row, figures: { microsecondsAFile: (row.seconds!.median / files) * 1e6 } };
}

function bendRow(layout: Layout, curve: readonly CostAt[]): Row {
  const head = { label: `${layout}: where it bends`, parameters: { layout } };
  const bend = bendOf(curve);
  if (bend === undefined) return { ...head, absent: 'it does not bend at these sizes' };
  return { ...head, figures: { bendsAtFiles: bend.files, timesTheLeast: bend.growth } };
}
