/** What a re-ingest is held against first: rsync, which knows files by their size and time. */
import fs from 'node:fs';
import { type Command, runChecked } from '../children.ts';
import type { Turn } from '../method.ts';
import { type Candidate, candidateOf, chosenAmong } from '../peers/candidate.ts';
import { PEER_FAILED } from '../peers/peer.ts';
import { RSYNC } from '../peers/rsync.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context } from '../question.ts';
import { placesIn } from './places.ts';
import { type Beside, type Goal, headBeside } from './state.ts';

const COPY_AND_FLUSH = 'rsync -a "$1/" "$2/" && sync -f "$2"';

/** rsync that only looks: nothing is to be copied. None where it was not asked for. */
export function lookBeside(
  context: Context,
  state: string,
  goal: Goal,
  sourceIn: (round: number) => string,
): Promise<Beside[]> {
  const { copy } = placesIn(context);
  return besideRsync(context, state, goal, 'rsync -an', (round) =>
    runOf(context, ['rsync', '-an', `${sourceIn(round)}/`, `${copy}/`]),
  );
}

/** rsync that brings its copy up to date, and flushes it. */
export function copyBeside(context: Context, state: string, goal: Goal): Promise<Beside[]> {
  const { source, copy } = placesIn(context);
  const run = runOf(context, ['sh', '-c', COPY_AND_FLUSH, 'sh', source, copy]);
  return besideRsync(context, state, goal, 'rsync -a, sync -f', run);
}

function runOf(context: Context, command: Command) {
  return { command, prepare: () => dropCachesIfCold(context) };
}

async function besideRsync(
  context: Context,
  state: string,
  goal: Goal,
  name: string,
  turn: Turn,
): Promise<Beside[]> {
  const besides: Beside[] = [];
  for (const peer of chosenAmong([RSYNC], context)) {
    const make = async () => {
      await makeCopy(context);
      return turn;
    };
    const candidate: Candidate = await candidateOf(peer, headBeside(state, name), make);
    besides.push({ candidate, goal });
  }
  return besides;
}

async function makeCopy(context: Context): Promise<void> {
  const { source, copy } = placesIn(context);
  if (fs.existsSync(copy)) return;
  // One that is not whole would cost rsync more than a look.
  const part = `${copy}.part`;
  await runChecked(['rsync', '-a', `${source}/`, `${part}/`], { failsAs: PEER_FAILED });
  fs.renameSync(part, copy);
}
