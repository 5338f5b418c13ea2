import { contenders } from '../cold-source/contenders.ts';
import { besideOthers } from '../finding.ts';
import { firstIngest, reportOf } from '../ingot.ts';
import { medianSample, peakRssOf, type Sample, secondsOf } from '../method.ts';
import { besideCandidates } from '../peers/candidate.ts';
import { dropCachesLack } from '../prepare.ts';
import type { Question } from '../question.ts';
import type { Row } from '../results.ts';
import { roomFor } from '../room.ts';

export const COLD_SOURCE: Question = {
  name: 'cold-source',
  asks: 'How long does a first ingest take of files that no cache holds?',
  method:
    'whole processes in turn, the page cache dropped before each; of a tree on a disk (--tree), not in memory; xargs and read.c only read the files, with as many processes or threads; ratio: ingot’s time ÷ its, of the two runs of each round',
  room: ({ corpus }) => roomFor(corpus),
  finding: (rows) => besideOthers('ingot', fastestOfEach(rows)),
  async *run(asked) {
    const lack = dropCachesLack();
    if (lack !== undefined) return void (yield { label: 'ingot', parameters: {}, absent: lack });
    const context = { ...asked, cold: true };
    const candidates = await contenders(context);
    const { samples, rows } = await besideCandidates(firstIngest(context), candidates, context);
    yield ownRow(samples);
    yield* rows;
  },
};

function ownRow(samples: readonly Sample[]): Row {
  const { readAhead, stageMs, bottleneck } = reportOf(medianSample(samples));
  const peakRssBytes = peakRssOf(samples);
  return {
    label: 'ingot',
    parameters: { readAhead: `auto: ${readAhead.width}` },
    seconds: secondsOf(samples),
    ...(peakRssBytes !== undefined && { peakRssBytes }),
    ...{ stageMs, bottleneck },
  };
}

/** Rows that differ in one setting only: the answer names the fastest of them. */
const SERIES: readonly { readonly what: string; has(row: Row): boolean }[] = [
  { what: 'widths', has: ({ parameters: { readAhead } }) => Number(readAhead) > 0 },
  { what: 'that only read', has: ({ parameters: { readers } }) => readers !== undefined },
];

function fastestOfEach(rows: readonly Row[]): Row[] {
  const medianOf = ({ seconds }: Row) => seconds?.median ?? Infinity;
  return rows.flatMap((row) => {
    const series = SERIES.find(({ has }) => has(row));
    if (series === undefined) return row;
    const all = rows.filter(series.has);
    const fastest = all.toSorted((a, b) => medianOf(a) - medianOf(b))[0]!;
    if (row !== fastest) return [];
    return { ...row, label: `${row.label}, the fastest of ${all.length} ${series.what}` };
  });
}
