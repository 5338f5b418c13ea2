import { bytes } from '../../src/units.ts';
import { besideOthers, listed, takes } from '../finding.ts';
import { firstIngest, ingestRow } from '../ingot.ts';
import { besideLimit } from '../limit.ts';
import { fresh } from '../prepare.ts';
import type { Context, Need, Question } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import { grouped } from '../report/parameters.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';
import { addedRows } from '../snapshot/added.ts';
import { lookRows, NODE } from '../snapshot/look.ts';
import { CHANGING, MANY_FILES } from '../snapshot/trees.ts';

const OURS = 'ingot ingest';

export const SNAPSHOT: Question = {
  name: 'snapshot',
  asks: 'What does a snapshot cost: to record, to keep, and to look at?',
  method:
    "whole processes in turn; ratio: ingot's time ÷ the other's, of the two runs of each round; bytes added: those of segments and references, by an ingest after each change; the largest trees are ingested once",
  room: (need) => Math.max(...trees(need).map(roomFor)),
  inodes: (need) => Math.max(...trees(need).map(({ files }) => inodesFor(files))),
  corpora: () => [CHANGING, ...MANY_FILES],
  finding(rows) {
    const sentences = sentencesOf(rows);
    return sentences.length === 0 ? undefined : sentences.join(' ');
  },
  async *run(context) {
    yield* ingestRows(context);
    yield* addedRows(context);
    for (const description of MANY_FILES) yield* lookRows(context, description);
  },
};

/** Those that are ingested. */
function trees({ corpus, corpora }: Need) {
  return [corpus, ...[CHANGING, ...MANY_FILES].map((each) => corpora.facts(each))];
}

async function* ingestRows(context: Context): AsyncGenerator<Row> {
  const { samples, rows, others } = await besideLimit(
    context,
    firstIngest(context),
    [{ mode: 'tmpfile', tree: context.tree, batch: 256, prepare: () => fresh(context) }],
    [firstIngest(context, ['--no-snapshot'])],
  );
  yield ingestRow({ label: OURS, parameters: {} }, samples, {}, []);
  const without = { label: `${OURS} --no-snapshot`, parameters: {} };
  yield referenceRow(without, samples, others[0]!, context.corpus);
  yield* rows;
}

/** What an ingest takes beside others, what is added, and what looks take beside Node. */
function sentencesOf(rows: readonly Row[]): string[] {
  const looks = rows.filter(({ parameters }) => parameters.look !== undefined);
  const ingests = rows.filter((row) => !looks.includes(row));
  return [
    ...[besideOthers(OURS, ingests)].flatMap((sentence) => sentence ?? []),
    ...ingests.flatMap(({ label, figures }) =>
      figures?.bytesAdded === undefined ? [] : `${label}: ${bytes(figures.bytesAdded)} are added.`,
    ),
    ...grouped(looks, ({ parameters }) => `${parameters.tree}`).map(looksSentence),
  ];
}

function looksSentence([tree, rows]: [string, Row[]]): string {
  const each = rows.flatMap(({ parameters: { look }, ratio: spread }) =>
    spread === undefined ? [] : `${look} takes ${takes(spread, NODE)}`,
  );
  return `Among ${tree}, ${listed(each)}.`;
}
