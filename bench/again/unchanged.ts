/** Re-ingests of a tree that is as it was, whatever else happened to its store. */
import { ingestCommand, ingesting } from '../ingot.ts';
import { type Contender, measure } from '../method.ts';
import { candidateOf, chosenAmong } from '../peers/candidate.ts';
import { checkStored } from '../peers/check-stored.ts';
import type { Peer } from '../peers/peer.ts';
import { peerContenders } from '../peers/scripts.ts';
import { dropCachesIfCold, warm } from '../prepare.ts';
import type { Context } from '../question.ts';
import type { Row } from '../results.ts';
import { addTo, arenaBelow, ingestAgain, placesIn, settled } from './places.ts';
import { quarantineOne } from './quarantine.ts';
import { lookBeside } from './rsync.ts';
import { type AgainContext, type Beside, headBeside, stateRows } from './state.ts';

export const LOOK_GOAL = { must: 1, aim: 0.6 };
export const BACKUP_GOAL = { must: 0.3, aim: 0.2 };

const UNCHANGED = 'unchanged';

export async function* unchangedRows(
  context: AgainContext,
  peers: readonly Peer[],
): AsyncGenerator<Row> {
  const { source } = placesIn(context);
  const looking = await lookBeside(context, UNCHANGED, LOOK_GOAL, () => source);
  const backups: Beside[] = [];
  for (const peer of chosenAmong(peers, context)) backups.push(await backupBeside(peer, context));
  // Some peers drop what they have read from the page cache.
  await warm({ ...context, tree: source });
  await settled(context);
  const ours = ingestAgain(context, source);
  yield* stateRows(context, UNCHANGED, ours, [...looking, ...backups]);
  yield* rowsAfter(context, 'another source', ingestOther);
  yield* rowsAfter(context, 'a quarantine', quarantineOne);
}

/** A peer that has taken the source in, and does so again. */
async function backupBeside(peer: Peer, context: Context): Promise<Beside> {
  const { source } = placesIn(context);
  const arena = arenaBelow(context.arena, peer.name);
  const [first, again] = peerContenders(peer, { ...context, arena, tree: source });
  const make = async () => {
    await measure(first);
    await checkStored(peer, { ...context, arena, tree: source });
    return again;
  };
  const candidate = await candidateOf(peer, headBeside(UNCHANGED, peer.name), make);
  return { candidate, goal: BACKUP_GOAL };
}

/** `happens` comes before each of our runs, unmeasured. */
async function* rowsAfter(
  context: Context,
  what: string,
  happens: (context: Context) => Promise<void>,
): AsyncGenerator<Row> {
  const { source } = placesIn(context);
  const state = `${UNCHANGED}, after ${what}`;
  const prepare = async () => {
    await happens(context);
    dropCachesIfCold(context);
  };
  const ours: Contender = { ...ingestAgain(context, source), prepare };
  yield* stateRows(context, state, ours, await lookBeside(context, state, LOOK_GOAL, () => source));
}

/** With a new object. */
async function ingestOther(context: Context): Promise<void> {
  const { other } = placesIn(context);
  addTo(other);
  await measure(ingesting(ingestCommand(context, other)));
}
