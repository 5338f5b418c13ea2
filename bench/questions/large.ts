import { CORPORA } from '../corpus/description.ts';
import { besideOthers } from '../finding.ts';
import { floorTimes } from '../floors/measure-floors.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { firstIngest, ingestRow } from '../ingot.ts';
import { besideLimit, LIMIT_METHOD } from '../limit.ts';
import { fresh } from '../prepare.ts';
import type { Context, Question } from '../question.ts';
import { roomFor } from '../room.ts';

const LARGE = CORPORA.large!;

export const LARGE_FILES: Question = {
  name: 'large',
  asks: 'How fast are large new files taken in?',
  method: `${LIMIT_METHOD}; a new store for each run; the corpus 'large', whatever was named`,
  room: ({ corpora }) => roomFor(corpora.facts(LARGE)),
  corpora: () => [LARGE],
  finding: (rows) => besideOthers('ingot', rows),
  async *run(given) {
    const { tree, facts } = await given.corpora.make(LARGE);
    const context: Context = { ...given, tree, corpus: facts };
    const times = await floorTimes(context);
    const { samples, rows } = await besideLimit(context, firstIngest(context), [
      { mode: 'none', tree, batch: 1, prepare: () => fresh(context) },
    ]);
    const head = { label: 'ingot', parameters: { durability: 'group' } };
    yield ingestRow(head, samples, times, FLOORS_OF.group);
    yield* rows;
  },
};
