/** What ours is held against in turn: peers that can be run, and those that cannot. */
import type { RowHead } from '../ingot.ts';
import { alternateBeside, type Sample, type Turn } from '../method.ts';
import type { Context } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import type { Row } from '../results.ts';
import { isPeerFailure, type Peer } from './peer.ts';

/** What runs it, or why nothing can. */
export type Candidate = { readonly head: RowHead } & (
  | { readonly turn: Turn; readonly settings?: string }
  | { readonly lack: string }
);

/** Those that were asked for. */
export function chosenAmong<Each extends Peer>(
  peers: readonly Each[],
  context: Pick<Context, 'peers'>,
): Each[] {
  return peers.filter(({ name }) => context.peers?.includes(name) ?? true);
}

/** `make` gives its runs, and may take what prepares them; a failure of the peer is its lack. */
export async function candidateOf(
  peer: Peer,
  head: RowHead,
  make: () => Turn | Promise<Turn>,
): Promise<Candidate> {
  try {
    const version = await peer.version();
    if (version === undefined) return { head, lack: 'not installed' };
    return { head, turn: await make(), settings: version };
  } catch (error) {
    if (!isPeerFailure(error)) throw error;
    return { head, lack: `failed: ${error.why}` };
  }
}

/** Runs ours and all candidates in turn. Gives our samples, and a row of each candidate. */
export async function besideCandidates(
  ours: Turn,
  candidates: readonly Candidate[],
  { rounds, corpus }: Pick<Context, 'rounds' | 'corpus'>,
): Promise<{ readonly samples: Sample[]; readonly rows: readonly Row[] }> {
  const turns = candidates.flatMap((each) => ('turn' in each ? each.turn : []));
  const { samples, references } = await alternateBeside(ours, turns, rounds);
  let next = 0;
  const rows = candidates.map((each): Row => {
    const theirs = 'lack' in each ? each : references[next++]!;
    const row = referenceRow(each.head, samples, theirs, corpus);
    return 'turn' in each && each.settings ? { ...row, settings: each.settings } : row;
  });
  return { samples, rows };
}
