import path from 'node:path';
import { besideOthers } from '../finding.ts';
import { firstIngest, reportOf } from '../ingot.ts';
import { besideLimit } from '../limit.ts';
import { type Contender, medianSample, peakRssOf, secondsOf } from '../method.ts';
import { dropCachesLack, fresh } from '../prepare.ts';
import type { Context, Question } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import type { Row } from '../results.ts';
import { roomFor } from '../room.ts';

/** Processes that read at a time: what the disk gives shows at one of these. */
const READERS = [8, 16, 32];
const THREADS = 8;

export const COLD_SOURCE: Question = {
  name: 'cold-source',
  asks: 'How long does a first ingest take of files that no cache holds?',
  method:
    'whole processes in turn, the page cache dropped before each; of a tree on a disk (--tree), not in memory; ratio: ingot’s time ÷ its, of the two runs of each round',
  room: ({ corpus }) => roomFor(corpus),
  finding: (rows) => besideOthers('ingot', rows),
  async *run(asked) {
    const lack = dropCachesLack();
    if (lack !== undefined) return void (yield { label: 'ingot', parameters: {}, absent: lack });
    const context = { ...asked, cold: true };
    const prepare = () => fresh(context);
    const others = contenders(context);
    const limits = [{ mode: 'tmpfile', tree: context.tree, batch: 256, prepare }] as const;
    const beside = await besideLimit(
      context,
      firstIngest(context),
      limits,
      others.map(({ contender }) => contender),
    );
    const { samples } = beside;
    yield ownRow(samples);
    for (const [index, { label, parameters }] of others.entries())
      yield referenceRow({ label, parameters }, samples, beside.others[index]!, context.corpus);
    yield* beside.rows;
  },
};

function ownRow(samples: Parameters<typeof secondsOf>[0]): Row {
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

interface Named extends Pick<Row, 'label' | 'parameters'> {
  readonly contender: Contender;
}

function contenders(context: Context): Named[] {
  const { tree, arena } = context;
  const prepare = () => fresh(context);
  const copy = path.join(arena.path, 'copy');
  const shell = (script: string, ...args: string[]): Contender => ({
    command: ['sh', '-c', script, 'sh', ...args],
    prepare,
  });
  return [
    {
      ...{ label: 'ingot --read-ahead 0', parameters: { readAhead: 0 } },
      contender: firstIngest(context, ['--read-ahead', '0']),
    },
    {
      ...{ label: `the same, ${THREADS} threads`, parameters: { readAhead: 0, threads: THREADS } },
      contender: firstIngest({ ...context, threads: THREADS }, ['--read-ahead', '0']),
    },
    ...READERS.map((readers) => ({
      ...{ label: `xargs -P ${readers} cat`, parameters: { readers } },
      contender: shell(CAT_ALL, tree, `${readers}`),
    })),
    {
      ...{ label: 'rsync', parameters: {} },
      contender: shell('rsync -a "$1/" "$2/" && sync -f "$2"', tree, copy),
    },
    {
      ...{ label: 'cp -r', parameters: {} },
      contender: shell('cp -rT "$1" "$2" && sync -f "$2"', tree, copy),
    },
  ];
}

const CAT_ALL = 'find "$1" -type f -print0 | xargs -0 -r -P "$2" -n 64 cat > /dev/null';
