/** Re-ingests of a tree of which a little has changed, or which lies elsewhere. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Turn } from '../method.ts';
import { regularFiles } from '../peers/regular-files.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Row } from '../results.ts';
import { ingestAgain, placesIn, settled } from './places.ts';
import { copyBeside, lookBeside } from './rsync.ts';
import { type AgainContext, stateRows } from './state.ts';

export const CHANGED_GOAL = { must: 1.2, aim: 0.8 };
export const MOVED_GOAL = { must: 1.3, aim: 0.8 };

const CHANGED = '1 % of the files changed';
const MOVED = 'moved to another directory';
const CHANGED_SHARE = 0.01;
const PIECE = 1 << 20;

/** Each round changes other files, which rsync then copies. */
export async function* changedRows(context: AgainContext): AsyncGenerator<Row> {
  const { source } = placesIn(context);
  const files = [...regularFiles(source)].map((file) => file.path);
  const ours: Turn = (round) => ({
    ...ingestAgain(context, source),
    prepare: async () => {
      for (const file of changedIn(round, context.rounds, files)) replace(file, context);
      await settled(context);
      dropCachesIfCold(context);
    },
  });
  yield* stateRows(context, CHANGED, ours, await copyBeside(context, CHANGED, CHANGED_GOAL));
}

/** Scattered over all of them; at least one. */
export function changedIn<File>(round: number, rounds: number, files: readonly File[]): File[] {
  const changes = Math.min(files.length, Math.max(1, Math.round(files.length * CHANGED_SHARE)));
  // The warm-up is round -1.
  const offset = (round + 1) / (rounds + 1);
  return Array.from(
    { length: changes },
    (_, change) => files[Math.floor(((change + offset) / changes) * files.length)]!,
  );
}

/** By a new file of its size that is renamed over it, as editors do. */
function replace(file: Buffer, { arena }: AgainContext): void {
  const spare = path.join(arena.path, 'replacement');
  const { size, mode } = fs.statSync(file);
  const fd = fs.openSync(spare, 'wx', mode);
  try {
    // Of few bytes there are too few contents.
    for (let left = Math.max(size, 32); left > 0; left -= PIECE)
      fs.writeSync(fd, randomBytes(Math.min(left, PIECE)));
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(spare, file);
}

/** Each round moves the whole source, to where it never was. It stays there. */
export async function* movedRows(context: AgainContext): AsyncGenerator<Row> {
  const { source } = placesIn(context);
  const placeIn = (round: number) => path.join(context.arena.path, `moved ${round + 2}`);
  const ours: Turn = (round) => ({
    ...ingestAgain(context, placeIn(round)),
    prepare: async () => {
      fs.renameSync(round < 0 ? source : placeIn(round - 1), placeIn(round));
      await settled(context);
      dropCachesIfCold(context);
    },
  });
  yield* stateRows(context, MOVED, ours, await lookBeside(context, MOVED, MOVED_GOAL, placeIn));
}
