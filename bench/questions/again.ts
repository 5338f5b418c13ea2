import { setTimeout } from 'node:timers/promises';
import { bytes } from '../../src/units.ts';
import { changedRows, movedRows } from '../again/changed.ts';
import { firstRows } from '../again/first.ts';
import { MANY, manyRow } from '../again/many.ts';
import { layOut } from '../again/places.ts';
import { recordRow } from '../again/record.ts';
import { OURS } from '../again/state.ts';
import { unchangedRows } from '../again/unchanged.ts';
import { listed, takes } from '../finding.ts';
import { BORG } from '../peers/borg.ts';
import type { Peer } from '../peers/peer.ts';
import { RESTIC } from '../peers/restic.ts';
import type { Question } from '../question.ts';
import { figure } from '../report/numbers.ts';
import { grouped } from '../report/parameters.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';

/** A file that changed less than 2 s before it was looked at is read again the next time. */
const SETTLE_MS = 3000;

export const AGAIN: Question = againBeside([RESTIC, BORG], () => setTimeout(SETTLE_MS));

/** `settle` waits after files were made or changed, until they are old enough to be known. */
export function againBeside(peers: readonly Peer[], settle: () => Promise<void>): Question {
  return {
    name: 'again',
    asks: 'How long does an ingest take of a tree that the store has already, beside tools that look only at its times?',
    method:
      "whole processes in turn, snapshot included, on copies of the tree; ratio: ingot's time ÷ the other's, of the two runs of each round, which is to be `must` at most and to become `aim`; 3 s between a change and the next look at it; a resumed ingest was killed at half of its objects, and the rest is the share of them that was missing; the largest tree is ingested again once",
    // Source, rsync's copy, the store, what rounds change, and a repository for each peer.
    room: ({ corpus, corpora }) =>
      Math.max((4 + peers.length) * roomFor(corpus), roomFor(corpora.facts(MANY))),
    inodes: ({ corpus, corpora }) =>
      Math.max((4 + peers.length) * inodesFor(corpus.files), inodesFor(corpora.facts(MANY).files)),
    corpora: () => [MANY],
    finding(rows) {
      const sentences = sentencesOf(rows);
      return sentences.length === 0 ? undefined : sentences.join(' ');
    },
    async *run(given) {
      const context = { ...given, settle };
      yield* firstRows(context);
      const report = await layOut(context);
      yield recordRow(report);
      yield* unchangedRows(context, peers);
      yield* changedRows(context);
      yield* movedRows(context);
      yield await manyRow(context);
    },
  };
}

function sentencesOf(rows: readonly Row[]): string[] {
  const compared = rows.filter(({ ratio }) => ratio !== undefined);
  const states = grouped(compared, ({ parameters }) => `${parameters.state}`).map(stateWords);
  return [
    ...(states.length > 0 ? [`${OURS} takes, ${states.join('; ')}.`] : []),
    ...rows.flatMap(({ label, figures, peakRssBytes }) => {
      if (figures?.bytesAnEntry !== undefined)
        return `An entry takes ${figure(figures.bytesAnEntry)} bytes in ${label}.`;
      if (figures?.mustPeakBytes === undefined || peakRssBytes === undefined) return [];
      return `${label}: ${bytes(peakRssBytes)} at the peak.`;
    }),
  ];
}

/** `unchanged: 0.60 of the time of rsync -an (1.7 times as fast) and …` */
function stateWords([state, rows]: [string, Row[]]): string {
  const each = rows.map(({ ratio, parameters }) => takes(ratio!, `${parameters.reference}`));
  return `${state}: ${listed(each)}`;
}
