import { EXIT } from '../../src/cli/fail.ts';
import { CHILD_FAILED } from '../children.ts';
import type { CorpusDescription } from '../corpus/description.ts';
import { besideOthers } from '../finding.ts';
import { INGOT, ingestCommand, ingesting, type RowHead, ratesOf, storeIn } from '../ingot.ts';
import {
  alternateBeside,
  type Contender,
  measure,
  peakRssOf,
  type Sample,
  secondsOf,
} from '../method.ts';
import { PEERS } from '../peers/index.ts';
import { isPeerFailure, type RestoringPeer } from '../peers/peer.ts';
import { restoringPeer } from '../peers/scripts.ts';
import { dropCachesIfCold, warm } from '../prepare.ts';
import type { Context, Need, Question } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
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

/** A peer that can be run, or why it cannot. */
type Candidate = { readonly head: RowHead } & (
  | { readonly contender: Contender; readonly settings?: string }
  | { readonly lack: string }
);

async function* besideRows(context: Context, peers: readonly RestoringPeer[]): AsyncGenerator<Row> {
  const chosen = peers.filter(({ name }) => context.peers?.includes(name) ?? true);
  const candidates = [copying(context)];
  for (const peer of chosen) candidates.push(await candidateOf(peer, context));
  const runs = candidates.flatMap((each) => ('contender' in each ? each.contender : []));
  const { samples, references } = await alternateBeside(restoring(context), runs, context.rounds);
  yield restoreRow({ label: OURS, parameters: {} }, samples, context);
  let next = 0;
  for (const each of candidates) {
    const theirs = 'lack' in each ? each : references[next++]!;
    const row = referenceRow(each.head, samples, theirs, context.corpus);
    yield 'contender' in each && each.settings ? { ...row, settings: each.settings } : row;
  }
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
    contender: { command, prepare, check },
  };
}

async function candidateOf(peer: RestoringPeer, context: Context): Promise<Candidate> {
  const head = { label: peer.name, parameters: { peer: peer.name } };
  try {
    const version = await peer.version();
    if (version === undefined) return { head, lack: 'not installed' };
    return { head, contender: restoringPeer(peer, context), settings: version };
  } catch (error) {
    if (!isPeerFailure(error)) throw error;
    return { head, lack: `failed: ${error.why}` };
  }
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
