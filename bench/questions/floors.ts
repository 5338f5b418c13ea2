import { besideOthers } from '../finding.ts';
import { COPY_AND_SYNC, copyAndSync } from '../floors/copy-and-sync.ts';
import { FLOORS } from '../floors/index.ts';
import { floorLacks, floorTimes } from '../floors/measure-floors.ts';
import { PARALLEL_SHA256SUM, parallelSha256sum } from '../floors/parallel-sha256sum.ts';
import { FLOORS_OF, type FloorTime } from '../floors/times.ts';
import { firstIngest, ingestRow, ratesOf } from '../ingot.ts';
import { alternateBeside } from '../method.ts';
import type { Context, Question } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import { ratio } from '../report/numbers.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';

export const FLOORS_BELOW: Question = {
  name: 'floors',
  asks: 'What does each part of an ingest cost alone, and how far above the one that binds is ingot?',
  method:
    "each part alone in C (floor.c) on the same tree; ingot, cp and sha256sum are whole processes in turn; ratio: ingot's time ÷ the other's, of the two runs of each round",
  room: ({ corpus }) => roomFor(corpus),
  inodes: ({ corpus }) => 2 * inodesFor(corpus.files),
  finding(rows) {
    const beside = besideOthers('ingot', rows);
    const floor = rows.find(({ label }) => label === 'ingot')?.floor;
    if (beside === undefined || floor === undefined) return beside;
    const { distance, label } = floor;
    return `${beside.slice(0, -1)}; its time ÷ that of the floor that binds it, ${label}, is ${ratio(distance)}.`;
  },
  async *run(context) {
    const times = await floorTimes(context);
    const lacks = await floorLacks(context);
    for (const { name, label } of FLOORS)
      yield floorRow(context, name, label, times[name] ?? lacks[name]!);
    const { samples, references } = await alternateBeside(
      firstIngest(context),
      [copyAndSync(context), parallelSha256sum(context)],
      context.rounds,
    );
    const head = { label: 'ingot', parameters: { durability: 'group' } };
    yield ingestRow(head, samples, times, FLOORS_OF.group);
    for (const [index, label] of [COPY_AND_SYNC, PARALLEL_SHA256SUM].entries())
      yield referenceRow({ label, parameters: {} }, samples, references[index]!, context.corpus);
  },
};

const WRITING = new Set(['write', 'barrier', 'fsync']);
const LOOKING_ONLY = new Set(['walk', 'stat']);

function floorRow({ corpus }: Context, name: string, label: string, time: FloorTime | string): Row {
  const head = { label, parameters: { floor: name } };
  if (typeof time === 'string') return { ...head, absent: time };
  const { files, bytes, distinctFiles = files, distinctBytes = bytes } = corpus;
  const { seconds, spread, fsyncMs } = time;
  const written = WRITING.has(name);
  const rates = ratesOf(written ? distinctFiles : files, written ? distinctBytes : bytes, seconds);
  const { filesPerSecond } = rates;
  return {
    ...head,
    seconds: spread,
    ...(LOOKING_ONLY.has(name) ? { filesPerSecond } : rates),
    ...(fsyncMs !== undefined && { figures: { fsyncMs } }),
  };
}
