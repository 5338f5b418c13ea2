import { EXIT } from '../../src/cli/fail.ts';
import { CHILD_FAILED } from '../children.ts';
import type { CorpusDescription } from '../corpus/description.ts';
import { besideOthers } from '../finding.ts';
import { INGOT, ingestCommand, ingesting, type RowHead, ratesOf, storeIn } from '../ingot.ts';
import { type Contender, measure, peakRssOf, type Sample, secondsOf } from '../method.ts';
import { besideCandidates, type Candidate, candidateOf, chosenAmong } from '../peers/candidate.ts';
import { PEERS } from '../peers/index.ts';
import type { RestoringPeer } from '../peers/peer.ts';
import { restoringPeer } from '../peers/scripts.ts';
import { dropCachesIfCold, warm } from '../prepare.ts';
import type { Context, Need, Question } from '../question.ts';
import { checkRestored, targetIn } from '../restored-tree.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';
import { MANY_FILES, wordsFor } from '../snapshot/trees.ts';

const OURS = 'ingot restore';

export const RESTORE: Question = restoreBeside(
  PEERS.filter((peer): peer is RestoringPeer => peer.restore !== undefined),
);

export function restoreBeside(peers: readonly RestoringPeer[]): Question {
  return {
    name: 'restore',
    asks: 'How long does it take to write a tree back, verified and not flushed, beside other tools?',
    method:
      "whole processes in turn, each from a store that has just taken the tree in, which is in the page cache, into an empty directory; files and bytes of what was restored are counted; ratio: ingot's time ÷ the other's, of the two runs of each round; the largest trees are restored once",
    room: (need) => 2 * Math.max(...trees(need).map(roomFor)),
    inodes: (need) => 2 * Math.max(...trees(need).map(({ files }) => inodesFor(files))),
    corpora: () => MANY_FILES,
    finding: (rows) => besideOthers(OURS, rows),
    async *run(context) {
      yield* besideRows(context, peers);
      for (const description of MANY_FILES) yield await largeRow(context, description);
    },
  };
}

function trees({ corpus, corpora }: Need) {
  return [corpus, ...MANY_FILES.map((each) => corpora.facts(each))];
}

async function* besideRows(context: Context, peers: readonly RestoringPeer[]): AsyncGenerator<Row> {
  const candidates = [copying(context)];
  for (const peer of chosenAmong(peers, context)) {
    const head = { label: peer.name, parameters: { peer: peer.name } };
    candidates.push(await candidateOf(peer, head, () => restoringPeer(peer, context)));
  }
  const { samples, rows } = await besideCandidates(restoring(context), candidates, context);
  yield restoreRow({ label: OURS, parameters: {} }, samples, context);
  yield* rows;
}

/** The tree itself, copied by the means of every machine. */
function copying(context: Context): Candidate {
  const prepare = async () => {
    context.arena.renew();
    await warm(context);
    dropCachesIfCold(context);
  };
  const command = ['cp', '-r', context.tree, targetIn(context)] as const;
  const check = () => checkRestored(context, 'cp', CHILD_FAILED);
  return {
    head: { label: 'cp -r of the source', parameters: {} },
    turn: { command, prepare, check },
  };
}

/** From a new store with this tree alone. */
function restoring(context: Context): Contender {
  const store = storeIn(context);
  const options = ['--store', store, '--threads', `${context.threads}`, '--no-progress', '-q'];
  return {
    command: [...INGOT, 'restore', 'latest', targetIn(context), ...options],
    // The snapshot of a tree that cannot be read as a whole says so.
    accepts: [EXIT.done, EXIT.incomplete],
    prepare: async () => {
      context.arena.renew();
      await measure(ingesting(ingestCommand(context, context.tree)));
      await warm({ ...context, tree: store });
      dropCachesIfCold(context);
    },
    check: () => checkRestored(context, 'ingot', CHILD_FAILED),
  };
}

async function largeRow(given: Context, description: CorpusDescription): Promise<Row> {
  const { tree, facts } = await given.corpora.make(description);
  const context = { ...given, tree, corpus: facts };
  const sample = await measure(restoring(context));
  given.corpora.drop(description);
  const label = `${OURS}, ${wordsFor(description, facts)}`;
  return restoreRow({ label, parameters: { files: facts.files } }, [sample], context);
}

function restoreRow(head: RowHead, samples: readonly Sample[], { corpus }: Context): Row {
  const seconds = secondsOf(samples);
  const peakRssBytes = peakRssOf(samples);
  return {
    ...head,
    seconds,
    ...ratesOf(corpus.files, corpus.bytes, seconds.median),
    ...(peakRssBytes !== undefined && { peakRssBytes }),
  };
}
