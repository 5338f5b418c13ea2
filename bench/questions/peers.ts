import { takes } from '../finding.ts';
import { floorTimes } from '../floors/measure-floors.ts';
import { FLOORS_OF, FLOORS_OF_HITS, type FloorTimes } from '../floors/times.ts';
import { firstIngest, ingestCommand, ingesting, ingestRow, ratesOf } from '../ingot.ts';
import {
  alternate,
  type Contender,
  peakRssOf,
  ratioOf,
  type Sample,
  secondsOf,
} from '../method.ts';
import { chosenAmong } from '../peers/candidate.ts';
import { checkStored } from '../peers/check-stored.ts';
import { PEERS } from '../peers/index.ts';
import { isPeerFailure, type Peer } from '../peers/peer.ts';
import { peerContenders } from '../peers/scripts.ts';
import { dropCachesIfCold, warm } from '../prepare.ts';
import type { Context, Question } from '../question.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';

/** The first run takes the tree in, the second finds it unchanged. */
const RUNS = ['first', 'again'] as const;
type Run = (typeof RUNS)[number];
type Samples = Readonly<Record<Run, Sample[]>>;

/** Folders by the first two digits and by the next two: some peers have them twice. */
const MAX_FOLDERS = 2 * 65_536;

export const BESIDE_PEERS = besidePeers(PEERS);

export function besidePeers(peers: readonly Peer[]): Question {
  return {
    name: 'peers',
    asks: 'How long do a first ingest and one of the unchanged tree take, beside other tools?',
    method:
      'whole processes, ingot and one peer in turn, a new repository for each first run, the tree read into the page cache before each run; each peer in its fastest durable setting without compression; what it stored is counted and one file compared; ratio: ingot ÷ peer, of the two runs of each round',
    // Content and index entry in a file of their own, in folders by digest.
    room: ({ corpus }) =>
      roomFor(corpus) + (corpus.files + Math.min(corpus.files, MAX_FOLDERS)) * 4096,
    inodes: ({ corpus }) => 2 * inodesFor(corpus.files) + 2 * MAX_FOLDERS,
    finding: besideFastestAndSlowest,
    async *run(context) {
      const ours: Samples = { first: [], again: [] };
      for (const peer of chosenAmong(peers, context)) yield* rowsBeside(peer, context, ours);
      if (ours.first.length === 0) return;
      const times = await floorTimes(context);
      for (const run of RUNS) yield ownRow(run, ours[run], times);
    },
  };
}

/** `ingot takes, first ingest: … cp, the fastest of 12 others, and … bup, the slowest; …` */
function besideFastestAndSlowest(rows: readonly Row[]): string | undefined {
  const each = RUNS.flatMap((run) => {
    const theirs = rows
      .flatMap(({ parameters, ratio }) => (parameters.run === run && ratio ? [ratio] : []))
      .sort((a, b) => b.median - a.median);
    const [fastest, slowest] = [theirs[0], theirs.at(-1)];
    if (fastest === undefined || slowest === undefined) return [];
    const beside = `${RUN_LABELS[run]}: ${takes(fastest, fastest.to)}`;
    if (fastest === slowest) return beside;
    const most = `${takes(slowest, slowest.to)}, the slowest`;
    return `${beside}, the fastest of ${theirs.length} others, and ${most}`;
  });
  return each.length === 0 ? undefined : `ingot takes, ${each.join('; ')}.`;
}

/** Two rows of one peer, or one that says why there are none. Adds our own samples to `ours`. */
async function* rowsBeside(peer: Peer, context: Context, ours: Samples): AsyncGenerator<Row> {
  const { name } = peer;
  const missing = (absent: string): Row => ({ label: name, parameters: { peer: name }, absent });
  try {
    const version = await peer.version();
    if (version === undefined) return yield missing('not installed');
    const words = {
      keeps: peer.keeps,
      settings: `${version}: ${peer.settings}; ${peer.flush}`,
    };
    const [first, again, ourFirst, ourAgain] = await alternateWith(peer, context);
    await checkStored(peer, context);
    ours.first.push(...ourFirst);
    ours.again.push(...ourAgain);
    yield { ...peerRow(peer, 'first', first, ourFirst, context), ...words };
    yield { ...peerRow(peer, 'again', again, ourAgain, context), ...words };
  } catch (error) {
    if (!isPeerFailure(error)) throw error;
    const why = `failed: ${error.why}`;
    context.note(`${name} ${why}`);
    yield missing(why);
  }
}

/** A B A B: after each first run, the same again on the store that it left. */
async function alternateWith(peer: Peer, context: Context) {
  const again = ingesting(ingestCommand(context, context.tree), () => dropCachesIfCold(context));
  const runs = [firstIngest(context), again, ...peerContenders(peer, context)];
  const contenders = runs.map((run) => afterWarming(run, context));
  const [ourFirst, ourAgain, first, second] = await alternate(contenders, context.rounds);
  return [first!, second!, ourFirst!, ourAgain!] as const;
}

/** Some peers drop what they have read from the page cache, which the next run would pay for. */
function afterWarming(run: Contender, context: Context): Contender {
  const prepare = async () => {
    await run.prepare?.();
    await warm(context);
  };
  return { ...run, prepare };
}

const RUN_LABELS: Readonly<Record<Run, string>> = {
  first: 'first ingest',
  again: 'unchanged tree',
};

function peerRow(
  { name }: Peer,
  run: Run,
  samples: readonly Sample[],
  ours: readonly Sample[],
  { corpus }: Context,
): Row {
  const seconds = secondsOf(samples);
  const peakRssBytes = peakRssOf(samples);
  return {
    label: `${name}, ${RUN_LABELS[run]}`,
    parameters: { peer: name, run },
    seconds,
    ...ratesOf(corpus.files, corpus.bytes, seconds.median),
    ratio: { ...ratioOf(ours, samples), to: name },
    ...(peakRssBytes !== undefined && { peakRssBytes }),
  };
}

const OURS_KEEPS =
  'names, modes, owners, times, links, in a snapshot; digests, dedup of whole files';

/** All our runs, whichever peer they alternated with. */
function ownRow(run: Run, samples: readonly Sample[], times: FloorTimes): Row {
  const head = { label: `ingot, ${RUN_LABELS[run]}`, parameters: { peer: 'ingot', run } };
  const floors = run === 'first' ? FLOORS_OF.group : FLOORS_OF_HITS;
  return { ...ingestRow(head, samples, times, floors), keeps: OURS_KEEPS };
}
