import { besideOthers } from '../finding.ts';
import { floorTimes } from '../floors/measure-floors.ts';
import { FLOORS_OF } from '../floors/times.ts';
import { firstIngest, ingestRow } from '../ingot.ts';
import { besideLimit, LIMIT_METHOD } from '../limit.ts';
import { fresh } from '../prepare.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

export const COLD: Question = {
  name: 'cold',
  asks: 'How long does a durable first ingest take, beside the same work in C?',
  method: `${LIMIT_METHOD}; a new store for each run`,
  room: ({ corpus }) => roomFor(corpus),
  finding: (rows) => besideOthers('ingot', rows),
  async *run(context) {
    const times = await floorTimes(context);
    const prepare = () => fresh(context);
    const limits = (['none', 'tmpfile', 'syncfs'] as const).map((mode) => ({
      mode,
      tree: context.tree,
      batch: 256,
      prepare,
    }));
    const { samples, rows } = await besideLimit(context, firstIngest(context), limits);
    const head = { label: 'ingot', parameters: { durability: 'group' } };
    yield ingestRow(head, samples, times, FLOORS_OF.group);
    yield* rows;
  },
};
