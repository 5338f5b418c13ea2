import path from 'node:path';
import { runChecked } from '../children.ts';
import { besideOthers } from '../finding.ts';
import { someFloorTimes } from '../floors/measure-floors.ts';
import { FLOORS_OF_HITS } from '../floors/times.ts';
import { ingestCommand, ingesting, ingestRow } from '../ingot.ts';
import { besideLimit, LIMIT_METHOD } from '../limit.ts';
import { measure } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Question } from '../question.ts';
import { inodesFor, roomFor } from '../room.ts';

export const DUPLICATES: Question = {
  name: 'duplicates',
  asks: 'How long does an ingest take that finds every content stored already, under other paths?',
  method: `${LIMIT_METHOD}; limit.c only reads and hashes`,
  room: ({ corpus }) => 2 * roomFor(corpus),
  inodes: ({ corpus }) => 3 * inodesFor(corpus.files),
  finding: (rows) => besideOthers('ingot', rows),
  async *run(context) {
    const { arena, tree } = context;
    arena.renew();
    const copy = path.join(arena.path, 'copy');
    await runChecked(['cp', '-a', tree, copy]);
    await measure(ingesting(ingestCommand(context, tree)));
    // What is read is the copy, on the measured disk.
    const times = await someFloorTimes({ ...context, tree: copy }, FLOORS_OF_HITS);
    const ours = ingesting(ingestCommand(context, copy), () => dropCachesIfCold(context));
    const { samples, rows } = await besideLimit(context, ours, [
      { mode: 'hash', tree: copy, batch: 64 },
    ]);
    yield ingestRow({ label: 'ingot', parameters: {} }, samples, times, FLOORS_OF_HITS);
    yield* rows;
  },
};
